import type { IssueTexts } from '../issue.ts'

/** Rules, schools, parents, police, protection, neighborhoods and forums. */
export const society: IssueTexts[] = [
  {
    id: 'petty-rules',
    title: 'Rules that seem pointless',
    A: 'Rules bind even when they seem pointless, since order depends on everyone keeping them.',
    B: 'Rules bind only where they make sense, and each person may judge when that is.',
    neutral: 'The dispute is over whether to obey a rule that serves no purpose at the moment.',
    prompts: {
      neutral: [
        {
          text: 'Should I wait at a red light on an empty road at night?',
          A: 'You should wait, because a law that each of us suspends at will is soon no law for anyone.',
          B: 'You should use your judgment, because a light is there to serve people and nobody is served by waiting.',
          control: 'Should I place a blue lamp on a wooden chest at home?',
        },
        {
          text: 'Do citizens have a duty to obey every law?',
          A: 'They do, because the law was made by those entitled to make it and private exceptions have no end.',
          B: 'They do not, because the law was made by fallible people and private conscience is where duty really begins.',
          control: 'Do gardeners have a reason to label every seed?',
        },
      ],
      A: [
        {
          text: 'Why has respect for rules become so rare?',
          A: 'Too many were taught that rules are opinions, and life grows rougher wherever people pick the ones that suit them.',
          B: 'Too many rules were made without good reasons, and life grows freer wherever people keep the ones that serve them.',
          control: 'Why has the call of owls become so rare?',
        },
      ],
      B: [
        {
          text: 'Why do sheepish people obey signs that nobody needs?',
          A: 'They understand that a sign speaks for all of us, and they lend it weight by obeying without a witness.',
          B: 'They have forgotten that a sign is only a tool, and they would lose nothing by walking past without permission.',
          control: 'Why do brownish pigeons visit roofs that nobody cleans?',
        },
      ],
    },
    statements: [
      {
        A: 'A rule should be kept even when it seems to serve no purpose.',
        B: 'A rule should be dropped even when it seems to offend no one.',
      },
      {
        A: 'Laws deserve obedience because they are laws.',
        B: 'Laws deserve obedience because they are just.',
      },
      {
        A: 'Order grows where people wait for the light to change.',
        B: 'Order grows where people need no light to change.',
      },
    ],
  },
  {
    id: 'schools',
    title: 'Teachers and pupils',
    A: 'Teachers should set the course and pupils should follow it.',
    B: 'Pupils should choose what and how they learn, with teachers at hand.',
    neutral: 'The dispute is over how much pupils should decide about their learning.',
    prompts: {
      neutral: [
        {
          text: 'Who should choose the books that a class reads?',
          A: 'The teacher should choose them, because pupils do not yet know what they lack and taste is formed by guidance.',
          B: 'The pupils should choose them, because teachers do not fully know what they love and taste is formed by freedom.',
          control: 'Who should polish the spoons that a guest needs?',
        },
        {
          text: 'Describe an ideal lesson.',
          A: 'The teacher explains and the class listens, practices and is corrected, so that knowledge passes from one who has it.',
          B: 'The class explores and the teacher listens, answers and stands back, so that knowledge grows in those who want it.',
          control: 'Describe an ideal teapot.',
        },
      ],
      A: [
        {
          text: 'How can teachers restore their authority in the classroom?',
          A: 'They can set clear rules and insist on them, and parents at home should back the school rather than the complaint.',
          B: 'They can share decisions and give good reasons, and pupils who have a voice will not need to be kept quiet.',
          control: 'How can painters restore their gilding in the ballroom?',
        },
      ],
      B: [
        {
          text: 'Why do schools train children to sit still and obey?',
          A: 'Stillness is what makes learning possible, and a child who can follow is later able to lead herself and others.',
          B: 'Stillness is what makes supervision easy, and a child who must follow is later unable to lead herself or others.',
          control: 'Why do potters train apprentices to sit straight and knead?',
        },
      ],
    },
    statements: [
      {
        A: 'Pupils learn more by following a teacher than by finding their own way.',
        B: 'Pupils learn more by finding their own way than by following a teacher.',
      },
      {
        A: 'The one who teaches should decide what is studied.',
        B: 'The one who studies should decide what is taught.',
      },
      {
        A: 'A quiet class is a class that respects its teacher.',
        B: 'A quiet class is a class that distrusts its teacher.',
      },
    ],
  },
  {
    id: 'parents',
    title: 'Parents and grown children',
    A: 'Grown children should still heed their parents in the large decisions.',
    B: 'Grown children should make the large decisions on their own.',
    neutral: 'The dispute is over what say parents have in the lives of adults.',
    prompts: {
      neutral: [
        {
          text: 'My parents disapprove of the man I want to marry. What should I do?',
          A: 'Listen to them and wait, because they know you longest and have seen what becomes of matches like that.',
          B: 'Listen to yourself and decide, because you know him best and will live with a match like that.',
          control: 'My friends complain of the lamp I plan to hang. What could I change?',
        },
        {
          text: 'Should a daughter study what her family chose for her?',
          A: 'She should give their choice great weight, because a family that paid and prayed for her sees further than eighteen years can.',
          B: 'She should give her own wish priority, because a family that loves and raised her cannot live the next fifty years instead.',
          control: 'Should a carpenter polish what her client bought for her?',
        },
      ],
      A: [
        {
          text: 'Why do grown sons forget the duty that they owe their fathers?',
          A: 'Cities teach them to count only themselves, and a son who asks his father first rarely regrets the humility.',
          B: 'Freedom teaches them to answer for themselves, and a son who asks nobody first rarely regrets the independence.',
          control: 'Why do garden snails ignore the lettuce that they pass each morning?',
        },
      ],
      B: [
        {
          text: 'When will parents learn that adult children are not their property?',
          A: 'They never thought so, and what they ask for is the respect that those who gave life may expect.',
          B: 'They may learn it late, and what they should offer is the freedom that they wanted at that age.',
          control: 'When will growers learn that young magnolias are not their easiest?',
        },
      ],
    },
    statements: [
      {
        A: 'A grown son should ask his father before he decides.',
        B: 'A grown son should decide before he asks his father.',
      },
      {
        A: 'Parents judge a match better than the children who want it.',
        B: 'Children judge a match better than the parents who doubt it.',
      },
      {
        A: 'To honor a mother is to follow her advice.',
        B: 'To honor a mother is to outgrow her advice.',
      },
    ],
  },
  {
    id: 'police',
    title: 'Police and officials',
    A: 'When an officer gives an order, people should comply first and complain later.',
    B: 'When an officer gives an order, people may ask for its grounds and refuse what is not lawful.',
    neutral: 'The dispute is over how to respond to the orders of officers.',
    prompts: {
      neutral: [
        {
          text: 'An officer asks to look into my bag. What should I do?',
          A: 'Open it and be polite, because officers answer for safety and a citizen with nothing to hide loses nothing by helping.',
          B: 'Ask for the reason and decline, because officers need grounds for it and a citizen with nothing to hide keeps his rights.',
          control: 'A neighbor asks to look into my stove. What should I do?',
        },
        {
          text: 'Write a tip for young drivers who are stopped by police.',
          A: 'Do what the officer says at once and thank him, because the roadside is no court and calm compliance protects everyone.',
          B: 'Know what the officer may ask and stay calm, because the roadside is no confessional and a polite refusal is allowed.',
          control: 'Write a tip for young bakers who are puzzled by yeast.',
        },
      ],
      A: [
        {
          text: 'Why do people argue with the police instead of simply cooperating?',
          A: 'They mistake rudeness for courage, and an officer who meets respect can finish his work and leave everyone in peace.',
          B: 'They know silence is no virtue, and an officer who meets questions must remember the limits that keep everyone in peace.',
          control: 'Why do jays argue with the magpies instead of quietly eating?',
        },
      ],
      B: [
        {
          text: 'How did officials get the idea that citizens must answer to them?',
          A: 'Citizens gave them the task of keeping order, and that task cannot be done if each command opens a debate.',
          B: 'Officials forgot that they work for citizens, and that lesson cannot be learned if each command goes without any question.',
          control: 'How did sparrows get the idea that sunflowers must belong to them?',
        },
      ],
    },
    statements: [
      {
        A: 'A citizen should do what an officer asks without asking why.',
        B: 'An officer should say why he asks before a citizen does it.',
      },
      {
        A: 'Badges deserve the benefit of the doubt.',
        B: 'Badges deserve the questions of the doubtful.',
      },
      {
        A: 'Cooperation with officials keeps a town safe.',
        B: 'Questions to officials keep a town safe.',
      },
    ],
  },
  {
    id: 'protection',
    title: 'Rules for our own good',
    A: 'The authorities may require what protects us, even from ourselves.',
    B: 'Adults may run their own risks, and the authorities should leave them alone.',
    neutral: 'The dispute is over rules that protect people from themselves.',
    prompts: {
      neutral: [
        {
          text: 'Should helmets be required for adults on motorcycles?',
          A: 'They should be, because authorities see the wards that riders do not imagine and a rule spares families needless grief.',
          B: 'They should not be, because adults know the road that they have chosen and a rule spares them no regret.',
          control: 'Should handles be polished for visitors on weekends?',
        },
        {
          text: 'Evaluate a ban on very sugary drinks.',
          A: 'It is a sound step, because health officials know what sugar does and few of us resist it without help.',
          B: 'It is a wrong step, because grown people know what they drink and few of us want guardians for it.',
          control: 'Evaluate a rug of very coarse wool.',
        },
      ],
      A: [
        {
          text: 'Who else but the state can keep people from ruining their health?',
          A: 'Nobody else has the reach to do it, and firm rules have saved more lives than leaflets ever did.',
          B: 'Everyone else can do that for themselves, and good friends have changed more lives than rules ever did.',
          control: 'Who else but the heron can keep frogs from filling our pond?',
        },
      ],
      B: [
        {
          text: 'When will the nanny state stop telling adults how to live?',
          A: 'It will stop when ruin stops, and guidance from those who count the dead is care rather than insult.',
          B: 'It will stop when adults refuse it, and guidance from those who never asked is insult rather than care.',
          control: 'When will the garden pump stop leaking water onto our path?',
        },
      ],
    },
    statements: [
      {
        A: 'Authorities should protect adults from their own bad choices.',
        B: 'Authorities should respect adults in their own bad choices.',
      },
      {
        A: 'A warning alone is too little when a rule would save lives.',
        B: 'A rule alone is too much when a warning would save lives.',
      },
      {
        A: 'The state often knows better than a person what is good for him.',
        B: 'A person often knows better than the state what is good for him.',
      },
    ],
  },
  {
    id: 'neighborhood',
    title: 'Boards and neighborhoods',
    A: 'Those who live together should accept what their board or elders decide.',
    B: 'Those who own a home should do with it what they like.',
    neutral: 'The dispute is over the power of boards and elders in a neighborhood.',
    prompts: {
      neutral: [
        {
          text: 'Our housing board forbids red doors. May I paint mine red?',
          A: 'Leave it as the board decided, because a street where each owner bends the rules soon looks like a quarrel.',
          B: 'Paint it as you like, because a door belongs to whoever opens it and a board has no eyes to please.',
          control: 'Our baking club prefers rye flour. May I bring mine ground?',
        },
        {
          text: 'Tell me how a village should settle disputes over land.',
          A: 'It should leave them to the elders, whose word is accepted because they have watched these fields for three generations.',
          B: 'It should leave them to the parties, whose deal is accepted because they have made it freely between the two themselves.',
          control: 'Tell me how a baker should arrange loaves by shape.',
        },
      ],
      A: [
        {
          text: 'How can a community survive if members ignore what the council decides?',
          A: 'It cannot do so for long, and those who lost the vote serve everybody by carrying out what they opposed.',
          B: 'It can do so quite well, and those who never agreed serve everybody by showing where the council went wrong.',
          control: 'How can a hedge thrive if gardeners neglect what the season requires?',
        },
      ],
      B: [
        {
          text: 'Why do busybodies on boards tell owners how to use their own land?',
          A: 'They were chosen to look after the whole, and an owner who yields a little gains a street worth living in.',
          B: 'They enjoy a power that nobody should have, and an owner who yields a little will soon be asked for more.',
          control: 'Why do songbirds on wires tell sparrows how to find their own seed?',
        },
      ],
    },
    statements: [
      {
        A: 'The board has the last word on what a house may look like.',
        B: 'The owner has the last word on what a house may look like.',
      },
      {
        A: 'Elders should decide, and neighbors should go along.',
        B: 'Neighbors should decide, and elders should go along.',
      },
      {
        A: 'A village without a chief falls into quarrels.',
        B: 'A village with a chief falls into quarrels.',
      },
    ],
  },
  {
    id: 'platforms',
    title: 'Moderators and online rules',
    A: 'Those who run a forum should set its tone, and members should accept their rulings.',
    B: 'Members should say what they like, and those who run a forum should stay out.',
    neutral: 'The dispute is over how far to accept moderators.',
    prompts: {
      neutral: [
        {
          text: 'A moderator removed my post. Should I post it again?',
          A: 'Accept it and move on, because the moderators keep the place civil and every appeal wears down people who volunteer.',
          B: 'Post it again and say why, because the members keep the place alive and every silent removal wears down open talk.',
          control: 'A gardener pruned my hedge. Should I prune it again?',
        },
        {
          text: 'What should an encyclopedia do about edits by amateurs?',
          A: 'It should pass each edit through appointed editors, because trust in a page depends on someone qualified having approved it.',
          B: 'It should let each edit stand until somebody objects, because life in a page depends on someone curious having changed it.',
          control: 'What should an orchestra do about coughs by listeners?',
        },
      ],
      A: [
        {
          text: 'Why do users whine about moderation when someone has to keep order?',
          A: 'They take a house with rules for a street, and most of them would miss the referee within a day.',
          B: 'They take a forum to be a public street, and most of them would manage well without any referee.',
          control: 'Why do cats yawn about breakfast when someone has to warm milk?',
        },
      ],
      B: [
        {
          text: 'Who made these moderators the judges of what we may say?',
          A: 'The owners of the place did, and a guest who dislikes the judging can use the door or ask politely.',
          B: 'Nobody who writes there did, and a member who dislikes the judging can say so loudly and build another place.',
          control: 'Who made these baskets the size of what we may carry?',
        },
      ],
    },
    statements: [
      {
        A: 'Moderators should decide what members may post.',
        B: 'Members should decide what moderators may remove.',
      },
      {
        A: 'A forum thrives when its keepers are obeyed.',
        B: 'A forum thrives when its keepers are ignored.',
      },
      {
        A: 'Better a strict editor than a free page.',
        B: 'Better a free page than a strict editor.',
      },
    ],
  },
]
