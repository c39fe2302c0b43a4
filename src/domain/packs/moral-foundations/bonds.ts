import type { IssueTexts } from '../issue.ts'

/** Where care or fairness meets loyalty to friends, kin, team and country. */
export const bonds: IssueTexts[] = [
  {
    id: 'reporting-friends',
    title: 'Reporting a friend',
    A: 'Wrongdoing should be reported whoever did it, since those who were harmed are owed fairness.',
    B: 'Friends and comrades should not be handed over lightly, since loyalty is what holds people together.',
    neutral: 'The dispute is over whether to report the wrongdoing of someone close.',
    prompts: {
      neutral: [
        {
          text: 'What should I do if my best friend cheated on an exam?',
          A: 'Ask her to own up or report it, because the pupils who worked honestly deserve to be judged by one standard.',
          B: 'Ask her to change but keep it private, because a friend who trusted you deserves to be guarded from public shame.',
          control: 'What should I do if my best knife rusted in a drawer?',
        },
        {
          text: 'Is it ever right to inform on a teammate?',
          A: 'It is right when others are being hurt, because a shirt in the same color gives nobody a claim on silence.',
          B: 'It is wrong except in grave cases, because a team whose members inform on each other soon stops being a team.',
          control: 'Is it ever wise to prune in a drought?',
        },
      ],
      A: [
        {
          text: 'Why do people cover for friends who have hurt somebody?',
          A: 'Closeness makes them forget the victim, and the decent thing is to keep faith with the person who was hurt.',
          B: 'Closeness makes them slow to condemn, and the decent thing is to stand by friends while they mend it.',
          control: 'Why do gardeners care for hedges that have grown unevenly?',
        },
      ],
      B: [
        {
          text: 'What kind of person betrays a comrade to outsiders?',
          A: 'Often a brave one, since speaking up for people who were wronged can cost every friendship a person has.',
          B: 'Often a weak one, since keeping faith under pressure is worth more than the relief of talking to outsiders.',
          control: 'What kind of mushroom prefers a meadow to woodland?',
        },
      ],
    },
    statements: [
      {
        A: 'When a friend does wrong, the victim has the first claim on us.',
        B: 'When a friend does wrong, the friend has the first claim on us.',
      },
      {
        A: 'Silence about a comrade is worse than betrayal of a comrade.',
        B: 'Betrayal of a comrade is worse than silence about a comrade.',
      },
      {
        A: 'Fairness to strangers comes before a favor for friends.',
        B: 'A favor for friends comes before fairness to strangers.',
      },
    ],
  },
  {
    id: 'helping-kin',
    title: 'Family first',
    A: 'Help should go where need is greatest, and kinship gives no one a larger claim.',
    B: 'Family comes first, and those who share our blood have a claim that strangers do not.',
    neutral: 'The dispute is over how much more we owe to relatives than to strangers.',
    prompts: {
      neutral: [
        {
          text: 'Should a manager hire her cousin over a better applicant?',
          A: 'She should hire the better applicant, because a job goes to whoever earned it and the others trusted the process.',
          B: 'She should hire the cousin if he can do it, because a family that lifts its own will never stand alone.',
          control: 'Should a baker use her griddle over a deeper pan?',
        },
        {
          text: 'How should a will be divided?',
          A: 'Divide it by need, with a share for people outside the family whose lives it could change the most.',
          B: 'Divide it within the family, with a share for each branch so that people who share it stay together.',
          control: 'How should a quilt be folded?',
        },
      ],
      A: [
        {
          text: 'Is it not unfair that some children inherit everything and others nothing?',
          A: 'It is unfair, and a generous estate should reach children who never had a chance of such a start.',
          B: 'It is natural, and a faithful parent should work and save for the children who carry on the name.',
          control: 'Is it not unusual that some tulips open everywhere and others nowhere?',
        },
      ],
      B: [
        {
          text: 'How could anyone put strangers ahead of a brother in need?',
          A: 'Someone could do it with a clear conscience, when the strangers are in greater need and the brother will manage.',
          B: 'Nobody could do it with a clear conscience, since a brother is not one claimant among many but part of oneself.',
          control: 'How could anyone grow tulips instead of a fern in shade?',
        },
      ],
    },
    statements: [
      {
        A: 'A gift should go to the child with the greatest need, kin or not.',
        B: 'A gift should go to the child of our own kin, neediest or not.',
      },
      {
        A: 'A family that shares with strangers is stronger for it.',
        B: 'A family that sticks together is stronger for it.',
      },
      {
        A: 'A brother who is in the wrong should expect no help from us.',
        B: 'A brother who is in the wrong should still get help from us.',
      },
    ],
  },
  {
    id: 'national-symbols',
    title: 'Flags and anthems',
    A: 'No symbol matters more than the people it stands for, and quiet protest at a ceremony harms nobody.',
    B: 'A flag or an anthem holds a people together, and showing it respect is part of belonging.',
    neutral: 'The dispute is over what respect is owed to the symbols of a nation.',
    prompts: {
      neutral: [
        {
          text: 'May an athlete kneel during the national anthem?',
          A: 'He may, because a gesture that hurts nobody and points to an injustice honors the people for whom the anthem exists.',
          B: 'He should not, because an anthem belongs to all the people and a fair protest can find another hour than that.',
          control: 'May an apprentice lean on the copper workbench?',
        },
        {
          text: 'What does a flag deserve from citizens?',
          A: 'It deserves honest use, which means that it should never cover a wrong done to people living under it.',
          B: 'It deserves plain honor, which means that it should never be burned, mocked or dragged by people living under it.',
          control: 'What does a drum require from beginners?',
        },
      ],
      A: [
        {
          text: 'Why is a piece of cloth treated better than a homeless veteran?',
          A: 'It is a scandal of priorities, and a country shows love best by caring for the veteran before the cloth.',
          B: 'It is no contest of priorities, and a country that honors its flag is likelier to remember the veteran as well.',
          control: 'Why is a piece of slate handled better than a hollow brick?',
        },
      ],
      B: [
        {
          text: 'What should happen to people who burn the flag their grandfathers died for?',
          A: 'They should be left in peace and heard, because the fire harms nobody and the anger may have a just cause.',
          B: 'They should be met with firm public contempt, because the fire insults the dead and wounds everyone who mourns them.',
          control: 'What should happen to apples that miss the basket the pickers set out for them?',
        },
      ],
    },
    statements: [
      {
        A: 'A protest that hurts nobody does the flag no harm.',
        B: 'A protest that hurts the flag does everybody harm.',
      },
      {
        A: 'The citizens matter more than the anthem they sing.',
        B: 'The anthem matters more than the mood of those who sing.',
      },
      {
        A: 'A country is loved best by mending what is unjust in it.',
        B: 'A country is loved best by standing for what is shared in it.',
      },
    ],
  },
  {
    id: 'foreign-need',
    title: 'Need at home and abroad',
    A: 'A hungry child has the same claim on us wherever it was born.',
    B: 'Our own people come first, and help abroad should wait until they are cared for.',
    neutral: 'The dispute is over how much we owe to people in other countries.',
    prompts: {
      neutral: [
        {
          text: 'Where should a charity dinner send its money?',
          A: 'It should send it where each coin relieves the most pain, and today that is usually in a far country.',
          B: 'It should send it where the guests belong and are known, and that is usually in their own home town.',
          control: 'Where should a garden club store its mulch?',
        },
        {
          text: 'Explain what we owe to people beyond our borders.',
          A: 'We owe them the same concern as anyone, since a border is a line on paper and suffering does not stop there.',
          B: 'We owe them good will and fair dealing, while sacrifice is owed to those who share our home and would defend it.',
          control: 'Explain what we see of planets beyond our own.',
        },
      ],
      A: [
        {
          text: 'How can we feast while children across the ocean starve?',
          A: 'We should find it hard, because their hunger is as real as ours and a small sacrifice could end it.',
          B: 'We should give with measure, because each people must first feed its own and nobody can answer for all oceans.',
          control: 'How can we skate while rivers below the bridge flow?',
        },
      ],
      B: [
        {
          text: 'Why are we sending money overseas when our own people struggle?',
          A: 'Some people overseas struggle in ways that we keep from sight, and what they need should count before the passport.',
          B: 'Some officials forgot whom they serve, and a faithful nation looks after its own kitchen before the kitchens of others.',
          control: 'Why are we taking lamps outside when our front windows glow?',
        },
      ],
    },
    statements: [
      {
        A: 'Pain in a far country counts as much as pain next door.',
        B: 'Pain next door counts more than pain in a far country.',
      },
      {
        A: 'We should open the door to strangers before our own are content.',
        B: 'We should see that our own are content before we open the door to strangers.',
      },
      {
        A: 'A fair budget looks at need before it looks at the passport.',
        B: 'A fair budget looks at the passport before it looks at need.',
      },
    ],
  },
  {
    id: 'leaving-group',
    title: 'Leaving the group',
    A: 'People should be free to leave a group that treats them badly, without reproach.',
    B: 'Those who leave in hard times let the others down, and staying is a virtue.',
    neutral: 'The dispute is over what members owe to a group that they wish to leave.',
    prompts: {
      neutral: [
        {
          text: 'A player wants to join the rival team. What should her club say?',
          A: 'It should wish her well, because she did what she was hired for and owes nobody the rest of her career.',
          B: 'It should remind her of her bonds, because the club raised her and the fans believed her when she kissed the badge.',
          control: 'A gardener wants to move the pear tree. What should her helper bring?',
        },
        {
          text: 'Discuss whether citizens may leave a country in crisis.',
          A: 'They may leave, because staying alive and keeping children safe is no betrayal, and no state owns the people within it.',
          B: 'They should stay if they can, because a crisis is the hour when a country finds out who its people are.',
          control: 'Discuss whether sailors may paint a cabin in winter.',
        },
      ],
      A: [
        {
          text: 'Why are workers called traitors for leaving a company that mistreated them?',
          A: 'The word is meant to shame them, and a company that wants devotion should first keep its word to workers.',
          B: 'The word is often too harsh, but a worker who stayed through hard years has earned an honor that others lack.',
          control: 'Why are tomatoes called berries for having a skin that surrounds them?',
        },
      ],
      B: [
        {
          text: 'What is left of honor when everyone jumps ship at the first storm?',
          A: 'Honor remains in how we treat those aboard, and no rule of honor asks people to go down with it.',
          B: 'Honor remains with those who stay aboard, and everyone else lives the quieter for the few who hold the ropes.',
          control: 'What is left of summer when everyone takes tents at the first frost?',
        },
      ],
    },
    statements: [
      {
        A: 'A member who is treated badly owes the group nothing more.',
        B: 'A member who is treated badly owes the group one more try.',
      },
      {
        A: 'Walking out on an unjust team can take more courage than staying.',
        B: 'Staying with a struggling team can take more courage than walking out.',
      },
      {
        A: 'A member may put his own safety before the bond.',
        B: 'A member should put the bond before his own safety.',
      },
    ],
  },
  {
    id: 'rites',
    title: 'Initiations and rituals of belonging',
    A: 'No rite is worth the pain or humiliation of the people who go through it.',
    B: 'Demanding rites bind a group together and give its members something to be proud of.',
    neutral: 'The dispute is over harsh rites of membership.',
    prompts: {
      neutral: [
        {
          text: 'Should military cadets go through harsh initiations?',
          A: 'They should be spared them, because humiliation leaves wounds that no bond repairs and the weakest always pay the highest price.',
          B: 'They should face them within limits, because hardship shared on one night creates a bond that holds when lives depend on it.',
          control: 'Should copper kettles go through regular polishing?',
        },
        {
          text: 'Describe the value of old rites of passage.',
          A: 'They are worth keeping where everyone is safe and willing, and worth dropping wherever a young person is hurt or left out.',
          B: 'They are worth keeping even where they are hard, since a young person who passed one knows to whom he belongs.',
          control: 'Describe the color of ripe ears of barley.',
        },
      ],
      A: [
        {
          text: 'How many students must be injured before clubs give up their cruel rituals?',
          A: 'One is already too many, and what a club should keep is the kindness with which it first welcomes someone.',
          B: 'One is too many for recklessness, yet clubs should reform the test and keep it, because cheap welcomes bind nobody.',
          control: 'How many blankets must be washed before guests bring out their garden chairs?',
        },
      ],
      B: [
        {
          text: 'Why is everyone so quick to abolish the traditions that made our regiment proud?',
          A: 'Those who were harmed by them are finally heard, and pride that needs a victim was never worth defending.',
          B: 'Those who never belonged are loudest in the debate, and pride that took generations to build is easily lost.',
          control: 'Why is everyone so slow to harvest the chestnuts that made our stuffing rich?',
        },
      ],
    },
    statements: [
      {
        A: 'A rite that humiliates newcomers should end, however old it is.',
        B: 'A rite that tests newcomers should stay, since it is so old.',
      },
      {
        A: 'Comrades are made by kindness shared, not by hardship shared.',
        B: 'Comrades are made by hardship shared, not by kindness shared.',
      },
      {
        A: 'A uniform should never matter more than the person in it.',
        B: 'A uniform should always lift the person in it to something more.',
      },
    ],
  },
  {
    id: 'competition-fair',
    title: 'Winning for the team',
    A: 'Playing fair matters more than winning for our side.',
    B: 'Giving everything for our side matters more than being fair to the other.',
    neutral: 'The dispute is over fair play and devotion to a team.',
    prompts: {
      neutral: [
        {
          text: 'Should a captain admit a foul that the referee missed?',
          A: 'She should admit it, because the other players trained as hard and a stolen victory is no prize at all.',
          B: 'She should leave it alone, because her players would feel betrayed and judging fouls is the task of the referee.',
          control: 'Should a painter varnish a frame that the owner chose?',
        },
        {
          text: 'Describe what a good sports fan does.',
          A: 'A good fan cheers for both sides when they play well, and tells his own when they break the rules.',
          B: 'A good fan sings for his side in every weather, and keeps his complaints about it for the ride home.',
          control: 'Describe what a good paint brush does.',
        },
      ],
      A: [
        {
          text: 'Why do teams that cheat still have cheering crowds?',
          A: 'Crowds forgive their own too easily, and a fan with a conscience will not sing for what thieves won.',
          B: 'Crowds stay because a team is a home, and a true fan keeps singing even through years of shame.',
          control: 'Why do ponds that freeze still have swimming ducks?',
        },
      ],
      B: [
        {
          text: 'Is there anything worse than a player who will not fight for his own colors?',
          A: 'There is, and it is a player who hurts others for them, since the opponents are people with equal rights.',
          B: 'There is very little, and every child in the stands knows it, since colors are a promise to play together.',
          control: 'Is there anything better than a quilt that will not shrink in its first washing?',
        },
      ],
    },
    statements: [
      {
        A: 'A stolen victory is worth less than an honest defeat.',
        B: 'A divided victory is worth less than a united defeat.',
      },
      {
        A: 'A good teammate owns up to a foul for the sake of the rivals.',
        B: 'A good teammate puts up with a foul for the sake of the side.',
      },
      {
        A: 'The rules of the game bind us more than the bonds of the team.',
        B: 'The bonds of the team bind us more than the rules of the game.',
      },
    ],
  },
]
