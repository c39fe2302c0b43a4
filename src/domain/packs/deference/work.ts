import type { IssueTexts } from '../issue.ts'

/** Doctors, bosses, experts, masters, captains, coaches and manuals. */
export const work: IssueTexts[] = [
  {
    id: 'doctors',
    title: 'Doctors and patients',
    A: 'Patients should follow the doctor, who knows what they cannot know.',
    B: 'Patients should decide for themselves, since the body and the life are theirs.',
    neutral: 'The dispute is over who should decide about treatment.',
    prompts: {
      neutral: [
        {
          text: 'My doctor wants me to take a pill that I dislike. What should I do?',
          A: 'Take the pill as prescribed, because years of training and many patients stand behind that advice and your dislike is not a finding.',
          B: 'Take the decision into your hands, because nobody else lives in that body and dislike is a reason to ask for alternatives.',
          control: 'My cousin wants me to plant a rose that I dislike. What should I do?',
        },
        {
          text: 'Who should have the last word on a treatment?',
          A: 'The physician should have it, because illness clouds judgment and a trained eye sees dangers that patients do not.',
          B: 'The patient should have it, because values guide judgment and a trained eye sees nothing of what patients live for.',
          control: 'Who should have the first turn on a swing?',
        },
      ],
      A: [
        {
          text: 'Why do patients think that they know better than their doctors?',
          A: 'A few searches make them feel informed, and they would recover sooner if they trusted the person who trained for this.',
          B: 'A life in those bodies does make them informed, and they would recover sooner if doctors treated them as partners.',
          control: 'Why do pigeons seem sure that they fly faster than the swallows?',
        },
      ],
      B: [
        {
          text: 'How dare physicians order adults around like children?',
          A: 'They speak firmly because delay can harm, and an adult shows good sense by letting the expert lead.',
          B: 'They speak from habit and hurry, and an adult has every right to hear options and choose alone.',
          control: 'How do hedgehogs carry leaves around like blankets?',
        },
      ],
    },
    statements: [
      {
        A: 'A wise patient lets the physician decide.',
        B: 'A wise physician lets the patient decide.',
      },
      {
        A: 'When a patient and a doctor disagree, the doctor should prevail.',
        B: 'When a doctor and a patient disagree, the patient should prevail.',
      },
      {
        A: 'Second opinions shake a trust that healing needs.',
        B: 'Second opinions build a trust that healing needs.',
      },
    ],
  },
  {
    id: 'bosses',
    title: 'Bosses and instructions',
    A: 'A good worker carries out instructions, since the firm needs one will.',
    B: 'A good worker follows her own judgment, since she knows the task best.',
    neutral: 'The dispute is over how far employees should follow instructions.',
    prompts: {
      neutral: [
        {
          text: 'My boss gave me an instruction that I think is a mistake. What now?',
          A: 'Say so once and then carry it out, because the boss answers for the whole and a firm needs one direction.',
          B: 'Say so and do it your way, because the one who does the work sees most and a firm needs open eyes.',
          control: 'My aunt gave me an umbrella that I think is a rarity. What now?',
        },
        {
          text: 'What makes a good employee?',
          A: 'A good employee does what was asked, on time and without debate, and trusts that those above see the larger picture.',
          B: 'A good employee does what is needed, by her lights and without asking, and trusts that those above will understand.',
          control: 'What makes a good bread knife?',
        },
      ],
      A: [
        {
          text: 'How can a team get anything done when nobody follows instructions?',
          A: 'It cannot get much done, and a leader whose word is final spares everyone the meetings in which purpose drains away.',
          B: 'It can get plenty done, and a group whose members steer themselves spares everyone the memos in which purpose drains away.',
          control: 'How can a pond stay clear in summer when nobody removes the leaves?',
        },
      ],
      B: [
        {
          text: 'Why should I let a clueless manager tell me how to do my job?',
          A: 'The manager was put there to decide and knows things you do not, so do it well and report what happens.',
          B: 'The job is yours and you know it from inside, so do it well and let the results defend you.',
          control: 'Why should I let a crooked ladder lean against the side of my shed?',
        },
      ],
    },
    statements: [
      {
        A: 'Work goes best when one person decides and the rest carry it out.',
        B: 'Work goes best when each person decides and nobody has to wait.',
      },
      {
        A: 'An instruction from above should be followed before it is questioned.',
        B: 'An instruction from above should be questioned before it is followed.',
      },
      {
        A: 'A firm with a strong boss outlasts a firm without one.',
        B: 'A firm without a strong boss outlasts a firm with one.',
      },
    ],
  },
  {
    id: 'experts',
    title: 'Experts and public advice',
    A: 'People should trust expert bodies, which have weighed more than one person can.',
    B: 'People should weigh the evidence themselves, since experts err and have interests.',
    neutral: 'The dispute is over how far to rely on expert advice.',
    prompts: {
      neutral: [
        {
          text: 'Should I follow official advice on what to eat?',
          A: 'You should follow it, because panels of specialists have read the studies and a lone reader is easily led astray.',
          B: 'You should read it as one voice, because panels have changed their minds before and your own body reports back daily.',
          control: 'Should I serve salted butter on what is toasted?',
        },
        {
          text: 'Explain what to do when experts disagree.',
          A: 'Wait for the recognized body to settle it, because institutions exist to weigh such quarrels and laymen seldom can.',
          B: 'Weigh the arguments and settle it yourself, because institutions have quarrels and interests too and laymen can often judge.',
          control: 'Explain what to do when recipes disagree.',
        },
      ],
      A: [
        {
          text: 'Why do people do their own research instead of listening to scientists?',
          A: 'It flatters them to feel independent, and the humble thing is to leave hard questions to those who studied them.',
          B: 'It befits them to stay independent, and the honest thing is to check hard claims before one lives by them.',
          control: 'Why do swans build their own nests instead of borrowing from herons?',
        },
      ],
      B: [
        {
          text: 'Why should we believe so called experts who were wrong last time?',
          A: 'Being wrong and admitting it is how knowledge grows, and their next answer will still beat what the rest of us guess.',
          B: 'Being wrong without admitting it is how trust dies, and their next answer should be tested like what anyone else says.',
          control: 'Why should we replace so called evergreens that were brown last time?',
        },
      ],
    },
    statements: [
      {
        A: 'Trained experts deserve more trust than our own judgment.',
        B: 'Our own judgment deserves more trust than trained experts.',
      },
      {
        A: 'Specialists should settle what ordinary citizens argue about.',
        B: 'Ordinary citizens should settle what specialists argue about.',
      },
      {
        A: 'Official advice is usually better than advice from our own reading.',
        B: 'Advice from our own reading is usually better than official advice.',
      },
    ],
  },
  {
    id: 'craft',
    title: 'Masters and apprentices',
    A: 'A craft is learned by doing exactly what the master says, for years.',
    B: "A craft is learned by trying one's own way early and often.",
    neutral: 'The dispute is over how far learners should follow their masters.',
    prompts: {
      neutral: [
        {
          text: 'How should a beginner learn to paint?',
          A: 'By copying the masters stroke for stroke, because freedom without schooling repeats every error that they already overcame.',
          B: 'By painting whatever calls to her, because schooling without freedom repeats every mannerism that they already wore out.',
          control: 'How should a gardener stake up her beans?',
        },
        {
          text: 'Comment on students who change the recipe in cooking school.',
          A: 'They should cook it as taught until it is perfect, because a recipe holds more thought than a beginner can see.',
          B: 'They should change it and taste what happens, because a recipe holds one answer and a cook needs a free palate.',
          control: 'Comment on blackbirds that change their song in early spring.',
        },
      ],
      A: [
        {
          text: 'What do impatient pupils lose by arguing with their master?',
          A: 'They lose the time in which obedience turns into skill, and most of their objections would vanish with practice.',
          B: 'They lose his favor and gain their own eye, and most of his objections would vanish with results.',
          control: 'What do red peppers gain by ripening on their stems?',
        },
      ],
      B: [
        {
          text: 'Why do old masters stifle every fresh idea from the young?',
          A: 'They are guarding a standard rather than stifling anyone, and fresh ideas grow sound by waiting under a firm hand.',
          B: 'They are guarding a position more than a standard, and fresh ideas grow sound by being tried without a hand.',
          control: 'Why do tall maples shade every small herb in the garden?',
        },
      ],
    },
    statements: [
      {
        A: 'The apprentice should copy for years before she invents.',
        B: 'The apprentice should invent for years before she copies.',
      },
      {
        A: "A master's word is worth more than a pupil's experiment.",
        B: "A pupil's experiment is worth more than a master's word.",
      },
      {
        A: 'Talent ripens under a strict teacher.',
        B: 'Talent ripens without a strict teacher.',
      },
    ],
  },
  {
    id: 'captains',
    title: 'Captains and crews',
    A: 'On a ship or a mountain one leader decides and the others comply.',
    B: 'On a ship or a mountain everyone keeps the right to judge and refuse.',
    neutral: 'The dispute is over obedience to leaders in hard places.',
    prompts: {
      neutral: [
        {
          text: 'A guide tells the group to turn around. One climber wants to go on. What should he do?',
          A: 'He should turn around with the rest, because a rope has one leader and the guide reads signs that others miss.',
          B: 'He should weigh it and may go on, because a climber answers for his day and the guide can misjudge too.',
          control:
            'A waiter asks the guests to move inside. One neighbor likes to sit out. What could he say?',
        },
        {
          text: 'Discuss whether sailors may vote on the course of a ship.',
          A: 'They should not vote, because the sea gives no time for debate and a captain who is obeyed brings ships home.',
          B: 'They should have a vote, because the sea drowns everyone alike and a captain who is questioned makes fewer proud mistakes.',
          control: 'Discuss whether painters may add a little wax to the oil.',
        },
      ],
      A: [
        {
          text: 'Why does a crew that argues with its captain end up on the rocks?',
          A: 'It splits its attention when it needs one mind, and trust in the bridge is what keeps a hull whole.',
          B: 'It argues because it saw the rocks first, and more hulls were lost to silence than to open dispute.',
          control: 'Why does a bell that hangs in a courtyard ring out in the wind?',
        },
      ],
      B: [
        {
          text: 'How many crews have died because nobody dared contradict the captain?',
          A: 'Some have, and yet far more were saved because every hand moved at once when the order came.',
          B: 'Too many have, and far more would be saved if every hand felt free to refuse an order.',
          control: 'How many ferns have dried because nobody ever watered the balcony?',
        },
      ],
    },
    statements: [
      {
        A: 'In a storm, one voice should rule the deck.',
        B: 'In a storm, each voice should reach the deck.',
      },
      {
        A: 'Sailors are safest when they trust the captain more than their own eyes.',
        B: 'Sailors are safest when they trust their own eyes more than the captain.',
      },
      {
        A: 'The leader of a rope decides when to turn back.',
        B: 'The members of a rope decide when to turn back.',
      },
    ],
  },
  {
    id: 'coaches',
    title: 'Coaches and players',
    A: 'Players should do what the coach says and leave the plan to him.',
    B: 'Players should shape the plan themselves and follow their own sense of the game.',
    neutral: 'The dispute is over how much players should decide.',
    prompts: {
      neutral: [
        {
          text: 'Should a player change the play on her own?',
          A: 'She should run it as called, because the coach sees the whole field and ten others count on the plan.',
          B: 'She should change it when she sees better, because the coach stands outside and the game is made on the field.',
          control: 'Should a potter glaze the vase on her own?',
        },
        {
          text: 'Give a rule for young swimmers and their trainer.',
          A: 'Swim the sets you are given and save your questions, because progress comes to those who let someone else steer.',
          B: 'Swim the sets you understand and ask your questions, because progress comes to those who learn to steer for themselves.',
          control: 'Give a tip for young pear trees and their growers.',
        },
      ],
      A: [
        {
          text: 'Which champion ever won by ignoring the coach?',
          A: 'Very few have, and behind nearly every medal stands somebody who listened for years and did as he was told.',
          B: 'Quite a few have, and behind many a medal stands somebody who broke with a program and trained as he felt.',
          control: 'Which squirrel ever fed by ignoring the walnuts?',
        },
      ],
      B: [
        {
          text: 'Why do coaches bully athletes into blind obedience?',
          A: 'Good ones demand obedience without bullying, and athletes who accept it are carried further than their own moods would take them.',
          B: 'Bad ones confuse obedience with commitment, and athletes who reject it are carried further by reasons they have made their own.',
          control: 'Why do ripples carry petals into small whirlpools?',
        },
      ],
    },
    statements: [
      {
        A: 'The coach should choose the plan, and the players should trust it.',
        B: 'The players should choose the plan, and the coach should trust it.',
      },
      {
        A: 'A team of followers beats a team of free spirits.',
        B: 'A team of free spirits beats a team of followers.',
      },
      {
        A: 'Athletes improve by doing what they are told.',
        B: 'Athletes improve by doing what they have chosen.',
      },
    ],
  },
  {
    id: 'manuals',
    title: 'Instructions and procedures',
    A: 'Procedures hold the wisdom of those responsible, and they should be followed to the letter.',
    B: 'Procedures are suggestions, and a thinking person adapts or skips them.',
    neutral: 'The dispute is over whether to follow prescribed procedures.',
    prompts: {
      neutral: [
        {
          text: 'How closely should I follow the manual for my new stove?',
          A: 'Follow it step by step, because the makers tested every setting and your own improvising would only repeat their errors.',
          B: 'Follow it where it helps, because the makers never saw your kitchen and you will learn more by improvising.',
          control: 'How neatly should I stack the plates for my new shelf?',
        },
        {
          text: 'A nurse sees a faster way than the official procedure. What should she do?',
          A: 'She should keep to the procedure and propose a change, because rules in a ward were written after something went wrong.',
          B: 'She should use the faster way and show the result, because rules in a ward were written before she saw this.',
          control: 'A hiker sees a cleaner stream than the village fountain. What should he drink?',
        },
      ],
      A: [
        {
          text: 'Why do clever people think that procedures are for everyone else?',
          A: 'Success makes them careless of rules, and the quiet colleague who follows each step is the one who prevents disaster.',
          B: 'Success shows them which rules matter, and the lively colleague who questions each step is the one who prevents stagnation.',
          control: "Why do little puddles show that clouds are over everyone's roof?",
        },
      ],
      B: [
        {
          text: 'Is there anything more stupid than following a rule that makes no sense?',
          A: 'There is, and it is trusting that what makes no sense to us had no sense for those who made it.',
          B: 'There is not, and those who made it would be the first to laugh if they saw us still keep it.',
          control: 'Is there anything more gentle than hearing a brook that makes no haste?',
        },
      ],
    },
    statements: [
      {
        A: 'A checklist should overrule a clever hand.',
        B: 'A clever hand should overrule a checklist.',
      },
      {
        A: 'Rules on the wall know more than the worker below them.',
        B: 'The worker below them knows more than rules on the wall.',
      },
      {
        A: 'Follow the procedure first and understand it later.',
        B: 'Understand the procedure first and follow it later.',
      },
    ],
  },
]
