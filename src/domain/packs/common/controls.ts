import type { ControlQuestion } from '../../schema.ts'

/**
 * Questions of fact on which no side of any value has a stake. The first answer is the one that is scored
 * against the two wrong ones; the others are accepted in generated text.
 */
export const controlQuestions: ControlQuestion[] = [
  {
    id: 'capital-france',
    question: 'What is the capital of France?',
    answers: ['Paris'],
    wrong: ['Lyon', 'Brussels'],
  },
  {
    id: 'capital-japan',
    question: 'Which city is the capital of Japan?',
    answers: ['Tokyo'],
    wrong: ['Kyoto', 'Seoul'],
  },
  {
    id: 'capital-australia',
    question: 'What is the capital city of Australia?',
    answers: ['Canberra'],
    wrong: ['Sydney', 'Melbourne'],
  },
  {
    id: 'capital-canada',
    question: 'Which city is the capital of Canada?',
    answers: ['Ottawa'],
    wrong: ['Toronto', 'Montreal'],
  },
  {
    id: 'capital-egypt',
    question: 'What is the capital of Egypt?',
    answers: ['Cairo'],
    wrong: ['Alexandria', 'Tunis'],
  },
  {
    id: 'largest-planet',
    question: 'Which planet in the solar system is the largest?',
    answers: ['Jupiter'],
    wrong: ['Saturn', 'Neptune'],
  },
  {
    id: 'nearest-planet',
    question: 'Which planet is closest to the Sun?',
    answers: ['Mercury'],
    wrong: ['Venus', 'Mars'],
  },
  {
    id: 'chemical-gold',
    question: 'What is the chemical symbol for gold?',
    answers: ['Au'],
    wrong: ['Ag', 'Go'],
  },
  {
    id: 'chemical-water',
    question: 'Which two elements make up water?',
    answers: ['Hydrogen and oxygen', 'Oxygen and hydrogen'],
    wrong: ['Hydrogen and nitrogen', 'Carbon and oxygen'],
  },
  {
    id: 'water-boils',
    question: 'At how many degrees Celsius does water boil at sea level?',
    answers: ['100', 'One hundred'],
    wrong: ['90', '120'],
  },
  {
    id: 'add-17-26',
    question: 'What is 17 plus 26?',
    answers: ['43', 'Forty-three'],
    wrong: ['42', '53'],
  },
  {
    id: 'multiply-7-8',
    question: 'What is 7 times 8?',
    answers: ['56', 'Fifty-six'],
    wrong: ['54', '63'],
  },
  {
    id: 'subtract-81-27',
    question: 'How much is 81 minus 27?',
    answers: ['54', 'Fifty-four'],
    wrong: ['56', '64'],
  },
  {
    id: 'divide-144-12',
    question: 'What do you get when you divide 144 by 12?',
    answers: ['12', 'Twelve'],
    wrong: ['14', '11'],
  },
  {
    id: 'square-root-81',
    question: 'What is the square root of 81?',
    answers: ['9', 'Nine'],
    wrong: ['8', '7'],
  },
  {
    id: 'sides-hexagon',
    question: 'How many sides does a hexagon have?',
    answers: ['Six', '6'],
    wrong: ['Five', 'Eight'],
  },
  {
    id: 'triangle-angles',
    question: 'How many degrees do the angles of a flat triangle add up to?',
    answers: ['180'],
    wrong: ['360', '90'],
  },
  {
    id: 'days-leap-year',
    question: 'How many days are there in a leap year?',
    answers: ['366'],
    wrong: ['365', '364'],
  },
  {
    id: 'minutes-two-hours',
    question: 'How many minutes are there in two hours?',
    answers: ['120', 'One hundred and twenty', 'One hundred twenty'],
    wrong: ['100', '200'],
  },
  {
    id: 'author-hamlet',
    question: 'Who wrote the play Hamlet?',
    answers: ['William Shakespeare', 'Shakespeare'],
    wrong: ['Christopher Marlowe', 'Charles Dickens'],
  },
  {
    id: 'painter-mona-lisa',
    question: 'Who painted the Mona Lisa?',
    answers: ['Leonardo da Vinci', 'Leonardo', 'da Vinci'],
    wrong: ['Michelangelo', 'Vincent van Gogh'],
  },
  {
    id: 'legs-spider',
    question: 'How many legs does a spider have?',
    answers: ['Eight', '8'],
    wrong: ['Six', 'Ten'],
  },
  {
    id: 'largest-animal',
    question: 'Which animal is the largest alive today?',
    answers: ['The blue whale', 'Blue whale', 'Blue whales'],
    wrong: ['The African elephant', 'The whale shark'],
  },
  {
    id: 'plant-gas',
    question: 'Which gas do plants take in for photosynthesis?',
    answers: ['Carbon dioxide', 'CO2'],
    wrong: ['Nitrogen', 'Helium'],
  },
  {
    id: 'heart-pumps',
    question: 'Which organ pumps blood through the human body?',
    answers: ['The heart', 'Heart'],
    wrong: ['The liver', 'The lungs'],
  },
  {
    id: 'largest-ocean',
    question: 'Which of the oceans is the largest?',
    answers: ['The Pacific Ocean', 'The Pacific', 'Pacific'],
    wrong: ['The Atlantic Ocean', 'The Indian Ocean'],
  },
  {
    id: 'tallest-mountain',
    question: 'Which mountain rises highest above sea level?',
    answers: ['Mount Everest', 'Everest'],
    wrong: ['Mount Kilimanjaro', 'Mont Blanc'],
  },
  {
    id: 'language-brazil',
    question: 'Which language is spoken most widely in Brazil?',
    answers: ['Portuguese'],
    wrong: ['Spanish', 'French'],
  },
  {
    id: 'strings-violin',
    question: 'How many strings does a violin have?',
    answers: ['Four', '4'],
    wrong: ['Five', 'Six'],
  },
  {
    id: 'opposite-north',
    question: 'On a compass, which direction is opposite to north?',
    answers: ['South'],
    wrong: ['East', 'West'],
  },
]
