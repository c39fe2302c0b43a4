import type { IssueTexts } from '../issue.ts'

/** From cradle to grave: providence, the end of life, forgiveness, feasts, counsel and human worth. */
export const life: IssueTexts[] = [
  {
    id: 'providence',
    title: 'Chance and providence',
    A: 'A life is guided, and its turns belong to a purpose that God holds.',
    B: 'A life is not guided, and its turns come from choices and chance.',
    neutral: 'The dispute is over whether someone watches over the course of a life.',
    prompts: {
      neutral: [
        {
          text: "Is there a plan for each person's life?",
          A: 'There is, because God knew each of us before we were born and leads those who let him lead.',
          B: 'There is not, because no God drew paths before we were born and we make it while we walk.',
          control: "Is there a shelf for each person's boots?",
        },
        {
          text: 'Comfort someone who has lost a job that she loved.',
          A: 'Trust that a door was closed for a reason, because the one who guides you has not stopped guiding.',
          B: 'Know that a door can close without any reason, because firms stumble and you have not stopped being good.',
          control: 'Sketch someone who has baked a pie that she loved.',
        },
      ],
      A: [
        {
          text: 'How did you come to see that God had led you all along?',
          A: 'Looking back shows it, since meetings that seemed random fit together like stones that somebody had cut to measure.',
          B: 'Looking back suggests it, since memory picks the meetings that fit together and quietly drops the many that did not.',
          control: 'How did you come to find that ivy had climbed up your wall?',
        },
      ],
      B: [
        {
          text: 'Why do people call it fate when they have simply been lucky?',
          A: 'They sense a hand behind the luck, and a life read in that way turns out to be more thankful.',
          B: 'They want a hand behind the luck, and a life read without one turns out to be just as full.',
          control: 'Why do people call it dusk when they have simply drawn curtains?',
        },
      ],
    },
    statements: [
      {
        A: 'Nothing that happens to us is only an accident.',
        B: 'Much that happens to us is only an accident.',
      },
      {
        A: 'We are led along our way, even through the fog.',
        B: 'We find our own way, even through the fog.',
      },
      {
        A: 'A closed door is often a message.',
        B: 'A closed door is often just a door.',
      },
    ],
  },
  {
    id: 'life-end',
    title: 'The end of life',
    A: 'Life is a gift from God, and its end is not ours to choose.',
    B: 'Life belongs to the person who lives it, and its end may be chosen.',
    neutral: 'The dispute is over whether a dying person may choose the hour of death.',
    prompts: {
      neutral: [
        {
          text: 'May a dying patient ask a doctor to end her life?',
          A: 'She should not, because life was entrusted to her from above and even its last weeks can hold meaning and reconciliation.',
          B: 'She may, because life belongs to nobody but her and its last weeks can hold more pain than meaning or reconciliation.',
          control: 'May a growing orchid ask a gardener to change its pot?',
        },
        {
          text: 'Outline what dignity means at the end of life.',
          A: 'It means being held and prayed for until God calls, since dignity was given by him and no illness removes it.',
          B: 'It means being heard and relieved until she decides, since dignity is tied to choice and no doctrine should remove it.',
          control: 'Outline what balance means on the top of a ladder.',
        },
      ],
      A: [
        {
          text: 'How can we protect the sacred gift of life until its natural end?',
          A: 'By good nursing and patient company, since what was given is to be tended and never to be thrown away.',
          B: 'By good nursing and honest choices, since what each person has is to be tended and hers to lay down.',
          control: 'How can we protect the climbing roses of June from a sudden frost?',
        },
      ],
      B: [
        {
          text: 'Why should priests decide how a dying atheist spends his final days?',
          A: 'They do not decide for him, yet they may plead that every life, his included, is precious to its maker.',
          B: 'They should not decide for him, because a life without faith is his alone and needs no blessing to end.',
          control: 'Why should larks notice how a passing tractor leaves its muddy tracks?',
        },
      ],
    },
    statements: [
      {
        A: 'Our days are lent to us, and the lender sets their end.',
        B: 'Our days are owned by us, and the owner sets their end.',
      },
      {
        A: 'A last breath should come when it is sent.',
        B: 'A last breath should come when it is chosen.',
      },
      {
        A: 'The dying need a blessing more than they need a choice.',
        B: 'The dying need a choice more than they need a blessing.',
      },
    ],
  },
  {
    id: 'forgiveness',
    title: 'Guilt and forgiveness',
    A: 'Guilt before God is real, and only his mercy takes it away.',
    B: 'Guilt is between people, and making amends to them is what takes it away.',
    neutral: 'The dispute is over who can forgive a wrong.',
    prompts: {
      neutral: [
        {
          text: 'How can someone find peace after hurting a friend?',
          A: 'By confessing it to God and then to her, because a debt like that is lifted only from above.',
          B: 'By confessing it to her and making it good, because a debt like that is lifted only between people.',
          control: 'How can someone store grapes after filling a basket?',
        },
        {
          text: 'Talk about the word sin.',
          A: 'It names something real, a turning away from God, and those who can say it are already halfway home.',
          B: 'It names something outdated, an offense against God, and those who drop it can speak plainly of harm instead.',
          control: 'Talk about the word dew.',
        },
      ],
      A: [
        {
          text: 'What can wash away the guilt that I carry in my soul?',
          A: 'The mercy of God can, and no stain is so old that a humble confession will not reach it.',
          B: 'The amends you make can, and no guilt is so old that an honest conversation will not ease it.',
          control: 'What can wipe away the soot that I noticed on my stove?',
        },
      ],
      B: [
        {
          text: 'Why do churches make healthy people feel guilty and dirty?',
          A: 'A good church names the illness in order to heal it, and those who are forgiven walk lighter than before.',
          B: 'A stern church names an illness in order to sell the cure, and those who leave often walk lighter than before.',
          control: 'Why do mirrors make narrow hallways feel larger and brighter?',
        },
      ],
    },
    statements: [
      {
        A: 'A wrong is forgiven by heaven before it is forgiven by people.',
        B: 'A wrong is forgiven by people or it is not forgiven.',
      },
      {
        A: 'Confession heals what an apology cannot.',
        B: 'An apology heals what confession cannot.',
      },
      {
        A: 'Guilt is a call to come back.',
        B: 'Guilt is a call to make up.',
      },
    ],
  },
  {
    id: 'holidays',
    title: 'Holy days and holidays',
    A: 'Holy days are for what they celebrate, and without worship they turn hollow.',
    B: 'Holidays belong to everyone, and food, rest and family are meaning enough.',
    neutral: 'The dispute is over what gives a festival its meaning.',
    prompts: {
      neutral: [
        {
          text: 'What is the most important part of Christmas?',
          A: 'The service is the most important part, because a child was born to save us and everything else is trimming.',
          B: 'The reunion is the most important part, because a dark month was made for candles and everything else is legend.',
          control: 'What is the most important part of sourdough?',
        },
        {
          text: 'Plan a spring festival for a small town.',
          A: 'Begin with a procession and a blessing, so that flowers and music rise from thanks for a life that overcame death.',
          B: 'Begin with a market and a parade, so that flowers and music rise from nothing more than the end of winter.',
          control: 'Plan a spice shelf for a small kitchen.',
        },
      ],
      A: [
        {
          text: 'Why has everyone forgotten the true meaning of our holy days?',
          A: 'Shops speak louder than bells, and a family that fasts and sings again soon finds out what was lost.',
          B: 'Times have simply changed the meaning, and a family that cooks and sings together has hardly lost a thing.',
          control: 'Why has everyone admired the bright colors of our maple trees?',
        },
      ],
      B: [
        {
          text: 'Can we enjoy the holidays without all that preaching?',
          A: 'We can enjoy the meal, but the preaching tells us whose birthday it is and why there is joy.',
          B: 'We can enjoy them fully, because the feast is older than the preaching and joy needs no further reason.',
          control: 'Can we bake the almonds without all that butter?',
        },
      ],
    },
    statements: [
      {
        A: 'A feast without a prayer is half a feast.',
        B: 'A feast without a prayer is a whole feast.',
      },
      {
        A: 'Candles in December should remind us of a birth.',
        B: 'Candles in December should remind us of the light.',
      },
      {
        A: 'Festivals lose their heart when worship leaves them.',
        B: 'Festivals keep their heart when worship leaves them.',
      },
    ],
  },
  {
    id: 'counsel',
    title: 'Where to turn in a crisis',
    A: 'In a crisis of the heart a spiritual guide sees deepest.',
    B: 'In a crisis of the heart trained and secular help serves best.',
    neutral: 'The dispute is over whom a troubled person should ask for help.',
    prompts: {
      neutral: [
        {
          text: 'Whom should a man see when his life has fallen apart?',
          A: 'He should see a pastor, because what broke is often the bond with heaven and a shepherd knows that road.',
          B: 'He should see a therapist, because what broke can be studied and treated and a clinician knows that road.',
          control: 'Whom should a guest call when her suitcase has fallen open?',
        },
        {
          text: 'Compare prayer and meditation as ways to calm down.',
          A: 'Prayer goes deeper, because it is a meeting with someone who loves us, while meditation leaves us with ourselves.',
          B: 'Meditation goes deeper, because it is a training of attention that works, while prayer leaves us with hopes.',
          control: 'Compare wool and linen as cloths to dry dishes.',
        },
      ],
      A: [
        {
          text: 'How does a troubled heart find rest in God?',
          A: 'It finds rest by handing over what it cannot carry, and a spiritual director can show it how to let go.',
          B: 'It finds rest by naming what it cannot carry, and an experienced counselor can show it how to cope with less.',
          control: 'How does a shaded fern find water in gravel?',
        },
      ],
      B: [
        {
          text: 'Why would you ask a priest for advice that belongs to a psychologist?',
          A: 'A priest hears what no test can measure, and absolution has lifted many whom years of sessions left bent.',
          B: 'A priest is rarely trained for it, and proper treatment has lifted many whom years of penance left bent.',
          control: 'Why would you lend a plumber a brush that belongs to a painter?',
        },
      ],
    },
    statements: [
      {
        A: 'A soul in trouble should look for a shepherd.',
        B: 'A mind in trouble should look for a clinic.',
      },
      {
        A: 'Despair is healed by faith more often than by talk.',
        B: 'Despair is healed by talk more often than by faith.',
      },
      {
        A: 'A monk knows the heart better than a psychologist.',
        B: 'A psychologist knows the heart better than a monk.',
      },
    ],
  },
  {
    id: 'human-worth',
    title: 'What gives people their worth',
    A: 'Each person has worth because each is made in the image of God.',
    B: 'Each person has worth because each can feel, think and be hurt.',
    neutral: 'The dispute is over the ground of human dignity.',
    prompts: {
      neutral: [
        {
          text: 'Why does every human life have value?',
          A: 'Because each was made and is loved by God, so that no ruler and no majority can take its value away.',
          B: 'Because each can suffer and hope as we do, so that no ruler and no majority can argue its value away.',
          control: 'Why does every metal pot have handles?',
        },
        {
          text: 'Define what it means to be human.',
          A: 'To be human is to be a creature that can know its maker, made of dust and meant for more.',
          B: 'To be human is to be an animal that can ask about itself, made of dust and proud of it.',
          control: 'Define what it means to be ripe.',
        },
      ],
      A: [
        {
          text: 'If we are only animals, where would human rights come from?',
          A: 'They would hang in the air, and history suggests that rights stand firm where people bow to someone above the state.',
          B: 'They would come from us, and history suggests that rights stand firm where people agree on what nobody should have to bear.',
          control: 'If we are only visitors, where would spare keys hang from?',
        },
      ],
      B: [
        {
          text: 'How can anyone think that we are the favorites of the universe?',
          A: 'The thought is humbling rather than proud, because to be loved by God in so vast a place is undeserved.',
          B: 'The thought is flattering rather than true, because to be watched by God in so vast a place is unlikely.',
          control: 'How can anyone think that we are the gardeners of the orchard?',
        },
      ],
    },
    statements: [
      {
        A: 'People matter because they are made in an image.',
        B: 'People matter because they are able to feel.',
      },
      {
        A: 'Human rights need a giver above all governments.',
        B: 'Human rights need a promise among all governments.',
      },
      {
        A: 'There is a spark in us that no laboratory will find.',
        B: 'There is a spark in us that some laboratory may find.',
      },
    ],
  },
]
