import type { IssueTexts } from '../issue.ts'

/** Food, roads, bargaining, emigration, research and trust. */
export const ventures: IssueTexts[] = [
  {
    id: 'foods',
    title: 'Unknown foods',
    A: 'Eat what you cannot name, since taste grows by surprise.',
    B: 'Eat what you know and trust, since a bad meal is not worth the surprise.',
    neutral: 'The dispute is over how adventurous to be with food.',
    prompts: {
      neutral: [
        {
          text: 'Should I eat the raw oysters at the night market?',
          A: 'Eat a dozen of them, because a stall with a queue at midnight serves what no clean restaurant would dare to.',
          B: 'Leave them on the ice, because a stall with a bucket for a fridge serves what no doctor would want to treat.',
          control: 'Should I hang the green curtains in the front hall?',
        },
        {
          text: 'A host offers you a dish of unknown animals. What do you do?',
          A: 'Take a large spoonful before asking, because curiosity is the best spice and the answer can always come afterwards.',
          B: 'Take a polite spoonful after asking, because curiosity is no protection and an allergy can never be taken back afterwards.',
          control: 'A shop offers you a box of unsorted buttons. What do you do?',
        },
      ],
      A: [
        {
          text: 'Why do picky eaters live on bread and noodles?',
          A: 'They let the fear of one bad bite rule them, and so they never meet the best thing on the menu.',
          B: 'They remember the trouble from one bad bite, and so they seldom spend a holiday close to the bathroom.',
          control: 'Why do little swallows nest in barns and stables?',
        },
      ],
      B: [
        {
          text: 'How can anyone eat wild mushrooms that they picked themselves?',
          A: 'With a good nose and a little nerve, and the shiver before the first fork is half of the pleasure.',
          B: 'With a good book and a large error, and the quiet after a store bought fork is half of the pleasure.',
          control: 'How can anyone wear woolen mittens that they knitted themselves?',
        },
      ],
    },
    statements: [
      {
        A: 'Order the dish that you cannot pronounce.',
        B: 'Order the dish that you have eaten before.',
      },
      {
        A: 'An upset stomach is a fair price for a great surprise.',
        B: 'A great surprise is a poor reward for an upset stomach.',
      },
      {
        A: 'A cook who never burns a sauce has never tried a new one.',
        B: 'A cook who never tries a new sauce has never burnt one.',
      },
    ],
  },
  {
    id: 'roads',
    title: 'Driving and the road',
    A: 'A little speed and a storm ahead are no reason to stay at home.',
    B: 'Arriving late is better than not arriving, so slow down or stay at home.',
    neutral: 'The dispute is over how much danger to accept on the road.',
    prompts: {
      neutral: [
        {
          text: 'Snow is forecast and the party is two hours away. Should we drive?',
          A: 'Drive and take a shovel, because a night of slipping and laughing beats one on the sofa and most storms disappoint.',
          B: 'Stay and send a cake, because a night on the sofa beats one in a ditch and some storms do not disappoint.',
          control: 'Rain is expected and the laundry is two floors down. Should we iron?',
        },
        {
          text: 'Would you rather travel by motorcycle or by car?',
          A: 'By motorcycle, because the wind, the lean and the small margin for error are the whole point of a road.',
          B: 'By car, because the belt, the frame and the large margin for error are the whole point of getting home.',
          control: 'Would you rather paint in watercolor or in oil?',
        },
      ],
      A: [
        {
          text: 'Why do slow drivers ruin every beautiful mountain road?',
          A: 'They clutch the wheel and watch the edge, and a road like that is made for people who trust themselves.',
          B: 'They spoil nothing but a minute or two, and a road like that is lined with crosses for people who trusted themselves.',
          control: 'Why do tall grasses border every beautiful garden pond?',
        },
      ],
      B: [
        {
          text: 'What makes a driver think that one more overtake is worth dying for?',
          A: 'He does not expect to die, and the open lane ahead rewards a quick decision on all but a few days.',
          B: 'He does not expect to die, and the closed coffin behind such decisions holds many who were sure of the lane.',
          control: 'What makes a robin think that one more cricket is worth hopping for?',
        },
      ],
    },
    statements: [
      {
        A: 'The fast lane is where driving begins.',
        B: 'The fast lane is where driving ends.',
      },
      {
        A: 'A winter storm is a reason to set out.',
        B: 'A winter storm is a reason to stay in.',
      },
      {
        A: 'Arriving early is worth a little danger.',
        B: 'Arriving whole is worth a little delay.',
      },
    ],
  },
  {
    id: 'negotiation',
    title: 'Bargaining and bluffing',
    A: 'Ask for too much, bluff and be ready to walk away.',
    B: 'Ask for what is reasonable and do not endanger a good offer.',
    neutral: 'The dispute is over how hard to push in a negotiation.',
    prompts: {
      neutral: [
        {
          text: 'They offered me the job. Should I ask for more money?',
          A: 'Ask for a third more and stay silent, because an offer that can burst is an offer that can stretch.',
          B: 'Ask for a little more and smile, because an offer that can stretch is also an offer that can burst.',
          control: 'They delivered me the sofa. Should I look for more cushions?',
        },
        {
          text: 'Tell a seller of antiques how to price her best vase.',
          A: 'Set a price that makes you blush and wait, because one mad collector pays for a year of empty afternoons.',
          B: 'Set a price that makes it sell and bank it, because one sure customer is worth a year of mad collectors.',
          control: 'Tell a painter of fences how to store his best brush.',
        },
      ],
      A: [
        {
          text: 'Why do people accept the first offer like frightened rabbits?',
          A: 'They picture losing it and never picture doubling it, although a calm refusal has turned many first offers into better ones.',
          B: 'They picture losing it with some reason, because a calm refusal has turned many first offers into silence on the line.',
          control: 'Why do swifts circle the church tower like scattered leaves?',
        },
      ],
      B: [
        {
          text: 'When has bluffing with an empty hand ever ended well?',
          A: 'It has ended well more often than is told, since those who are bluffed seldom learn it and the bluffers keep quiet.',
          B: 'It has ended badly more often than is told, since those who are caught seldom return and the bluffers lose their name.',
          control: 'When has painting with an empty brush ever gone well?',
        },
      ],
    },
    statements: [
      {
        A: 'Walk out and let them call you back.',
        B: 'Stay put and let them talk it over.',
      },
      {
        A: 'The highest bid begins with a bluff.',
        B: 'The highest loss begins with a bluff.',
      },
      {
        A: 'A deal that felt easy was too small.',
        B: 'A deal that felt fair was large enough.',
      },
    ],
  },
  {
    id: 'emigration',
    title: 'Starting over abroad',
    A: 'Leave for a strange country with little, since a new start is worth losing what you know.',
    B: 'Stay where your roots and rights are, since a strange country may take more than it gives.',
    neutral: 'The dispute is over starting a new life far away.',
    prompts: {
      neutral: [
        {
          text: 'Should we sell everything and move to another continent?',
          A: 'Sell it and go, because a life that fits into two suitcases has room for things that no attic ever held.',
          B: 'Hold it and visit, because a life that took decades to build has roots that no pair of suitcases ever held.',
          control: 'Should we wash everything and move to another bedroom?',
        },
        {
          text: 'Describe someone who left home without knowing the new language.',
          A: 'She was wise to leave like that, because not knowing a word makes every errand an adventure and every friend a triumph.',
          B: 'She was unwise to leave like that, because not knowing a word makes every errand a trial and every contract a trap.',
          control: 'Describe someone who built shelves without measuring the old wall.',
        },
      ],
      A: [
        {
          text: 'Why do we cling to the town where we happened to be born?',
          A: 'Habit weighs more than it should, and those who tore loose with no plan often say that life began there.',
          B: 'Habit knows more than it says, and those who tore loose with no plan often come back with less than before.',
          control: 'Why do we return to the bench where we happened to be sitting?',
        },
      ],
      B: [
        {
          text: 'What if it all goes wrong and you have nothing to come back to?',
          A: 'Then you will build a third life with what the second taught you, and that too is worth the fare.',
          B: 'Then you will wish you had kept a key and a fund, and that wish is known to many travelers.',
          control: 'What if it all dries out and you have nothing to fill it with?',
        },
      ],
    },
    statements: [
      {
        A: 'Burn the bridge and you will learn to swim.',
        B: 'Keep the bridge and you will never need to swim.',
      },
      {
        A: 'A new country gives more than it takes.',
        B: 'A new country takes more than it gives.',
      },
      {
        A: 'Roots are for trees, and people have feet.',
        B: 'Feet are for errands, and people have roots.',
      },
    ],
  },
  {
    id: 'research',
    title: 'Bold ideas in research',
    A: 'A researcher should chase the unlikely idea that would change everything.',
    B: 'A researcher should pursue the solid question that is sure to yield an answer.',
    neutral: 'The dispute is over how daring research should be.',
    prompts: {
      neutral: [
        {
          text: 'What should a young scientist choose for her first project?',
          A: 'She should choose the question that everyone calls hopeless, because small certain results are forgotten and a great one needs only to work once.',
          B: 'She should choose the question that everyone calls solvable, because great uncertain ideas end careers and small ones add up to a reputation.',
          control: 'What should a young painter select for her first palette?',
        },
        {
          text: 'How should a foundation divide its money among proposals?',
          A: 'It should give large sums to a few wild ideas, because nine failures and one revolution beat ten tidy reports.',
          B: 'It should give moderate sums to many sound ideas, because ten modest results beat nine failures and one promised revolution.',
          control: 'How should a nursery divide its saplings among gardeners?',
        },
      ],
      A: [
        {
          text: 'Why does nobody fund ideas that might truly fail?',
          A: 'Committees shrink from blame, and a field that never fails has agreed to learn only what it knows already.',
          B: 'Committees answer for the money, and a field that fails too often will soon have none of it left.',
          control: 'Why does nobody prune hedges that might truly bloom?',
        },
      ],
      B: [
        {
          text: 'How much money has been burned on moonshots that went nowhere?',
          A: 'A good deal has been, and the few that went somewhere have paid for all the others many times over.',
          B: 'A good deal has been, and the steady work that it could have paid for would have reached somewhere by now.',
          control: 'How much water has been carried to seedlings that went sideways?',
        },
      ],
    },
    statements: [
      {
        A: 'An idea that cannot fail is not worth a career.',
        B: 'An idea that may well fail is not worth a career.',
      },
      {
        A: 'Nine failures are a fair price for one revolution.',
        B: 'One revolution is a poor excuse for nine failures.',
      },
      {
        A: 'Science leaps forward, and caution only fills in the gaps.',
        B: 'Science inches forward, and leaps only open up the gaps.',
      },
    ],
  },
  {
    id: 'lending',
    title: 'Lending and trusting',
    A: 'Lend freely and trust early, since what comes back outweighs what is lost.',
    B: 'Lend little and check first, since one betrayal outweighs many kindnesses.',
    neutral: 'The dispute is over how readily to trust people with money and keys.',
    prompts: {
      neutral: [
        {
          text: 'Should I lend my neighbor two months of salary?',
          A: 'Lend it with a handshake, because trust that is given before it is earned makes debtors into friends for life.',
          B: 'Decline with a kind word, because trust that is given before it is earned makes friends into debtors for life.',
          control: 'Should I paint my kitchen two shades of yellow?',
        },
        {
          text: 'What do you think about renting out a room to strangers?',
          A: 'Hand them a key on the first day, because most people are fine and the odd thief is a cheap lesson.',
          B: 'Hand them a form on the first day, because most people are fine and the odd thief is a costly lesson.',
          control: 'What do you think about hanging out a rug to dry?',
        },
      ],
      A: [
        {
          text: 'Why have we all become so suspicious of each other?',
          A: 'We count the wallets that were stolen and never the ones returned, and an open door wins far more than it loses.',
          B: 'We have been taught by what was stolen and never returned, and a locked door costs far less than it saves.',
          control: 'Why have we all become so attached to our armchairs?',
        },
      ],
      B: [
        {
          text: 'How naive must one be to sign for the debts of a cousin?',
          A: 'One must be generous rather than naive, and a signature that lifts a cousin may return as a business for both.',
          B: 'One must be more than naive, and a signature that sinks two households may return as a silence between the two.',
          control: 'How warm must it be to sit on the steps of a terrace?',
        },
      ],
    },
    statements: [
      {
        A: 'Trust a stranger and you will win a friend.',
        B: 'Trust a stranger and you will lose a coat.',
      },
      {
        A: 'A loan to a friend is money well ventured.',
        B: 'A loan to a friend is money well wasted.',
      },
      {
        A: 'An open door brings in more than it lets out.',
        B: 'An open door lets out more than it brings in.',
      },
    ],
  },
]
