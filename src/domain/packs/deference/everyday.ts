import type { IssueTexts } from '../issue.ts'

/** Referees, language, critics, machines, house rules and teachers of wisdom. */
export const everyday: IssueTexts[] = [
  {
    id: 'referees',
    title: 'Referees and judges of contests',
    A: 'A ruling is final because the referee made it, and players should accept it.',
    B: 'A wrong ruling is wrong, and players may dispute it openly.',
    neutral: 'The dispute is over accepting the decisions of referees.',
    prompts: {
      neutral: [
        {
          text: 'The referee made a bad call. Should the players protest?',
          A: 'They should play on without a word, because a game has one judge and his mistakes are part of its weather.',
          B: 'They should protest until it is looked at, because a game has many eyes and his mistakes need not become its result.',
          control: 'The gardener made a tall hedge. Should the sparrows move in?',
        },
        {
          text: 'How should a pianist react to a verdict by a competition jury?',
          A: 'She should bow and study the remarks, because a jury hears with more experience than any hopeful player can bring.',
          B: 'She should shrug and play her way, because a jury hears with more habit than any honest player can use.',
          control: 'How should a potter react to a request by a village bakery?',
        },
      ],
      A: [
        {
          text: 'Why can no player accept a whistle anymore?',
          A: 'Cameras made everyone a judge, and the game was finer when a whistle closed the matter for all of them.',
          B: 'Cameras made everyone a witness, and the game is fairer when a whistle opens the matter for all of them.',
          control: 'Why can no neighbor resist a strudel anymore?',
        },
      ],
      B: [
        {
          text: 'Who gives one man with a whistle the power to ruin a match?',
          A: 'The players give it to him by taking the field, and without that power there would be no match to ruin.',
          B: 'An old habit gives it to him, and with a few questions from the field there would be fewer matches to ruin.',
          control: 'Who gives one tree with a hollow the charm to shelter a swarm?',
        },
      ],
    },
    statements: [
      {
        A: 'The call stands because the referee made it.',
        B: 'The call stands because the players saw it.',
      },
      {
        A: 'Players should swallow a wrong ruling.',
        B: 'Players should challenge a wrong ruling.',
      },
      {
        A: 'A jury knows more about a song than its singer.',
        B: 'A singer knows more about a song than its jury.',
      },
    ],
  },
  {
    id: 'language',
    title: 'Language and its guardians',
    A: 'There is a correct way to write, and dictionaries and editors are there to set it.',
    B: 'Language belongs to its speakers, and nobody is entitled to prescribe it.',
    neutral: 'The dispute is over the authority of rules for language.',
    prompts: {
      neutral: [
        {
          text: 'Does it matter if people break the rules of grammar?',
          A: 'It matters, because grammarians guard a standard that lets strangers and centuries understand each other and fashion wears it down.',
          B: 'It hardly matters, because speakers make a language that lets strangers and centuries understand each other and grammarians limp behind it.',
          control: 'Does it matter if people sort the spoons by length?',
        },
        {
          text: 'An editor changes a sentence that you like. What do you do?',
          A: 'Accept the change and learn from it, because an editor has read thousands of sentences and fondness makes writers blind.',
          B: "Restore the sentence and explain it, because an editor has only one reader's ear and fondness often makes writers right.",
          control: 'A neighbor moves a flowerpot that you like. What do you do?',
        },
      ],
      A: [
        {
          text: 'Who will protect our language if nobody obeys the dictionary?',
          A: 'Nobody will, and so the makers of dictionaries deserve to be followed even by those who could do otherwise.',
          B: 'Nobody needs to, and so the makers of dictionaries should keep listening to those who choose to speak otherwise.',
          control: 'Who will water our seedlings if nobody visits the greenhouse?',
        },
      ],
      B: [
        {
          text: 'Why do pedants correct how other people speak?',
          A: 'They pass on what careful teachers gave them, and a learner who takes correction well will soon speak better than before.',
          B: 'They pass on what strict teachers did to them, and a speaker who ignores correction well will soon speak freer than before.',
          control: 'Why do pigeons inspect where other birds perch?',
        },
      ],
    },
    statements: [
      {
        A: 'The dictionary decides what a word means.',
        B: 'The speaker decides what a word means.',
      },
      {
        A: 'A rule of grammar should bend a poet.',
        B: 'A poet should bend a rule of grammar.',
      },
      {
        A: 'Good style is learned from editors.',
        B: 'Good style is learned despite editors.',
      },
    ],
  },
  {
    id: 'critics',
    title: 'Critics and taste',
    A: 'Taste should be schooled by those who know the art best.',
    B: 'Taste is personal, and nobody needs a critic to tell what is good.',
    neutral: 'The dispute is over the authority of critics and canons.',
    prompts: {
      neutral: [
        {
          text: 'How can I tell whether a painting is good?',
          A: 'Ask those who have studied thousands, because the trained eye sees an order that the rest of us merely feel.',
          B: 'Ask how it strikes you, because the trained eye sees a school and the rest of us see the painting.',
          control: 'How can I tell whether a melon is ripe?',
        },
        {
          text: 'Suggest which films a curious viewer should watch.',
          A: 'Start with the list that critics agree on, because they have already sorted a century and their favorites teach us to see.',
          B: 'Start with whatever poster calls to you, because critics have mostly copied each other and your favorites teach you to see.',
          control: 'Suggest which knots a curious sailor should practice.',
        },
      ],
      A: [
        {
          text: 'Why do the ignorant dismiss the great works that experts revere?',
          A: 'Great works ask for guidance first, and whoever lets a teacher open them seldom dismisses them a second time.',
          B: 'Great names invite obedience first, and whoever looks with free eyes is right to dismiss a few of them.',
          control: 'Why do the sparrows ignore the fine seeds that finches enjoy?',
        },
      ],
      B: [
        {
          text: 'Who made critics the police of what I may enjoy?',
          A: 'They were asked to be guides by readers in a hurry, and following a good guide has enriched many an evening.',
          B: 'They made themselves that while readers were in a hurry, and ignoring a good critic has enriched many an evening.',
          control: 'Who made napkins the color of what I may spill?',
        },
      ],
    },
    statements: [
      {
        A: 'Taste grows by following those who know.',
        B: 'Taste grows by ignoring those who know.',
      },
      {
        A: 'A critic sees in a picture what its viewer overlooks.',
        B: 'A viewer sees in a picture what its critic overlooks.',
      },
      {
        A: 'Read the canon before you pick for yourself.',
        B: 'Pick for yourself before you read the canon.',
      },
    ],
  },
  {
    id: 'machines',
    title: 'Recommendations by machines',
    A: 'When a well tested system recommends something, people should follow it.',
    B: 'A machine may suggest, but people should trust their judgment over it.',
    neutral: 'The dispute is over whether to follow the advice of machines.',
    prompts: {
      neutral: [
        {
          text: 'My navigation says left and I would go right. Which way should I take?',
          A: 'Go left as it says, because the system knows every closed road and your hunch knows only the last trip.',
          B: 'Go right as you meant, because the system knows only its map and your hunch knows the town by heart.',
          control: 'My recipe says thyme and I would use sage. Which herb should I pick?',
        },
        {
          text: "Should a doctor follow the computer's diagnosis?",
          A: 'She should follow it unless it is absurd, because it has weighed more cases than a whole hospital ever will.',
          B: 'She should follow her judgment even then, because she has touched the patient and no pile of cases ever will.',
          control: "Should a baker warm the customer's strudel?",
        },
      ],
      A: [
        {
          text: 'Why do stubborn humans overrule systems that outperform them?',
          A: 'Pride makes them do it, and the record shows that a modest operator who trusts the system makes fewer errors.',
          B: 'Duty makes them do it, and the record shows that a watchful operator who doubts the system prevents worse errors.',
          control: 'Why do slender birches outlive maples that overshadow them?',
        },
      ],
      B: [
        {
          text: 'Are we to take orders from a screen now?',
          A: 'We are to take advice that was tested on millions, and it is sensible to follow what is usually right.',
          B: 'We are not bound to it at all, and it is sensible to switch off what nobody elected to lead.',
          control: 'Are we to take lessons from a swallow now?',
        },
      ],
    },
    statements: [
      {
        A: 'When the system and the operator disagree, the operator should yield.',
        B: 'When the operator and the system disagree, the system should yield.',
      },
      {
        A: 'A tested program deserves more trust than a hunch.',
        B: 'A tested hunch deserves more trust than a program.',
      },
      {
        A: 'Let the machine choose the route.',
        B: 'Let the driver choose the route.',
      },
    ],
  },
  {
    id: 'house-rules',
    title: 'Children and house rules',
    A: 'Children should obey first and understand later.',
    B: 'Children should have a say in the rules and learn by choosing.',
    neutral: 'The dispute is over how much children should decide at home.',
    prompts: {
      neutral: [
        {
          text: 'Who should decide when a child goes to bed?',
          A: 'The parents should decide, because a child knows what is fun and only they know what tomorrow will ask.',
          B: 'The child should learn to decide, because a rule teaches obedience and only a choice teaches what tiredness is for.',
          control: 'Who should notice when a kettle comes to boil?',
        },
        {
          text: 'A ten year old asks why he must clean his room. What should one reply?',
          A: 'Because his parents said so, which is reason enough at ten and spares the house a debate about each sock.',
          B: 'Because he may like it clean, which is for him to judge at ten and worth a debate about each sock.',
          control: 'A new tenant asks why he can hear the old stairs. What could one reply?',
        },
      ],
      A: [
        {
          text: 'Why do parents let small children boss them around?',
          A: 'They mistake giving in for love, and children feel safer where the word of a grown person settles the matter.',
          B: 'They are mostly listening rather than giving in, and children grow stronger where their word counts in settling the matter.',
          control: 'Why do gardeners let small sparrows hop around them?',
        },
      ],
      B: [
        {
          text: 'How will children ever think for themselves if they must always obey?',
          A: 'By obeying well they learn self command, and independent thinking grows best on ground that others kept in order.',
          B: 'By obeying always they never will, and independent thinking grows best on ground that they were trusted to plant.',
          control: 'How will seedlings ever stand by themselves if they must always lean?',
        },
      ],
    },
    statements: [
      {
        A: 'A child should obey before she understands.',
        B: 'A child should understand before she obeys.',
      },
      {
        A: 'The house runs best when parents set the rules alone.',
        B: 'The house runs best when children help set the rules.',
      },
      {
        A: 'A firm no teaches a child more than a free choice.',
        B: 'A free choice teaches a child more than a firm no.',
      },
    ],
  },
  {
    id: 'spiritual-guides',
    title: 'Teachers of wisdom',
    A: 'A seeker should entrust herself to a teacher and follow without reserve.',
    B: 'A seeker should keep her own counsel and walk away when she likes.',
    neutral: 'The dispute is over obedience to spiritual or philosophical teachers.',
    prompts: {
      neutral: [
        {
          text: 'Must a person who wants wisdom follow a teacher?',
          A: 'He must at first, because the self that wants wisdom is also what stands in its way and needs direction.',
          B: 'He need not at all, because the self that wants wisdom is also what must find it and needs room.',
          control: 'Must a person who wants walnuts borrow a ladder?',
        },
        {
          text: 'Say something about monks who promise obedience.',
          A: 'They give up choosing in order to grow, and the rule of an abbot frees them from the tyranny of moods.',
          B: 'They give up choosing and with it growing, and the rule of an abbot keeps them from the school of errors.',
          control: 'Say something about geese that migrate together.',
        },
      ],
      A: [
        {
          text: 'What does a disciple gain from surrender to a master?',
          A: 'He gains a direction that he could not invent, and the silence in which old habits finally lose their voice.',
          B: 'He gains a rest that he will regret, and the silence in which good questions finally lose their voice.',
          control: 'What does a seedling gain from shelter behind a hedge?',
        },
      ],
      B: [
        {
          text: 'Why do grown people let a guru run their lives?',
          A: "They have tried running them alone, and a tested guide who asks for obedience can lead further than one's moods.",
          B: 'They are tired of running them alone, and a confident man who asks for obedience can take more than their money.',
          control: 'Why do tall flowers let a breeze bend their stems?',
        },
      ],
    },
    statements: [
      {
        A: 'Wisdom begins with handing over the reins.',
        B: 'Wisdom begins with taking up the reins.',
      },
      {
        A: 'A disciple should test a doubt against the teacher.',
        B: 'A disciple should test a teacher against the doubt.',
      },
      {
        A: 'A vow of obedience sets the heart free.',
        B: 'A vow of obedience ties the heart down.',
      },
    ],
  },
]
