import type { IssueTexts } from '../issue.ts'

/** How to live: morality, scripture, children, public life, worship, marriage and charity. */
export const practice: IssueTexts[] = [
  {
    id: 'morality',
    title: 'Where right and wrong come from',
    A: 'Right and wrong are given by God, and without him they would be matters of taste.',
    B: 'Right and wrong rest on human needs and reason, and people can be good without God.',
    neutral: 'The dispute is over the foundation of morality.',
    prompts: {
      neutral: [
        {
          text: 'What makes an action wrong?',
          A: 'It goes against the will of God, who made us for good and wrote his law in every conscience.',
          B: 'It does harm that reason cannot justify to others, who feel pain and hope just as we do.',
          control: 'What makes an apple sour?',
        },
        {
          text: 'Explain how a person can learn to be good.',
          A: 'By listening to what God commands and asking him for help, since nobody becomes good by effort alone.',
          B: 'By listening to how others are affected and practicing fairness, since nobody becomes good by fear of judgment.',
          control: 'Explain how a person can learn to swim well.',
        },
      ],
      A: [
        {
          text: 'Without God, what would keep people from doing whatever they please?',
          A: 'Very little in the end, since law and habit are thin where nobody answers to a higher judge.',
          B: 'Very much in practice, since sympathy, law and reputation hold people back wherever nobody expects a higher judge.',
          control: 'Without sugar, what would keep berries from losing whatever color they have?',
        },
      ],
      B: [
        {
          text: 'Why should ancient commandments decide how modern people live?',
          A: 'They come from the one who made us, and human nature with its old temptations has hardly changed.',
          B: 'They should not decide it, since good rules can be argued for and bad ones gain nothing from age.',
          control: 'Why should strong spices decide how fresh vegetables taste?',
        },
      ],
    },
    statements: [
      {
        A: 'People need a higher judge in order to be good.',
        B: 'People need no higher judge in order to be good.',
      },
      {
        A: 'Conscience is a voice that was placed in us.',
        B: 'Conscience is a voice that we grew ourselves.',
      },
      {
        A: 'Kindness has its roots in a command, and reason comes after.',
        B: 'Kindness has its roots in reason, and a command comes after.',
      },
    ],
  },
  {
    id: 'scripture',
    title: 'Sacred books',
    A: 'Sacred books carry the word of God and remain the surest guide to life.',
    B: 'Sacred books are works of their time, with wisdom and error to be weighed like any other text.',
    neutral: 'The dispute is over what authority holy books have today.',
    prompts: {
      neutral: [
        {
          text: 'How should people today read ancient holy books?',
          A: 'Read them as the word of God, with patience and good teachers, and let them judge us before we judge them.',
          B: 'Read them as the work of people, with interest and good historians, and weigh them as we weigh any other book.',
          control: 'How should beginners today learn simple card games?',
        },
        {
          text: 'Recommend a source of guidance for a hard decision.',
          A: 'Open the scriptures and pray over a chapter, because the God who speaks there knows the whole of your path.',
          B: 'Open a notebook and list the likely consequences, because the people who are affected will live with your choice.',
          control: 'Recommend a type of wood for a garden bench.',
        },
      ],
      A: [
        {
          text: 'Which verse of scripture should a young person carry in the heart?',
          A: "One that promises God's nearness, because a verse learned early comes back with power in the years of trouble.",
          B: 'One should carry favorite lines from many books, because no verse gains power by being called holy in childhood.',
          control: 'Which breed of chicken should a small family keep in the yard?',
        },
      ],
      B: [
        {
          text: 'Why do people still follow books written by ancient shepherds?',
          A: 'Shepherds wrote down what heaven gave them to say, and the books still read their readers better than others do.',
          B: 'Shepherds had no better means of explaining the world, and the books still circulate mostly because families hand them on.',
          control: 'Why do people still follow paths made by wandering goats?',
        },
      ],
    },
    statements: [
      {
        A: 'An old holy book sees further than the newest study.',
        B: 'The newest study sees further than an old holy book.',
      },
      {
        A: 'When a sacred text and fashion disagree, the text deserves the benefit of the doubt.',
        B: 'When a sacred text and evidence disagree, the text deserves no benefit of the doubt.',
      },
      {
        A: 'A single psalm can teach more than a shelf of philosophy.',
        B: 'A shelf of philosophy can teach more than a single psalm.',
      },
    ],
  },
  {
    id: 'upbringing',
    title: 'Raising children',
    A: 'Children should be raised in a faith, so that they know God and have roots.',
    B: 'Children should be raised without a creed, so that they can decide for themselves later.',
    neutral: 'The dispute is over whether parents should pass on a religion.',
    prompts: {
      neutral: [
        {
          text: 'Should parents bring up their children in a religion?',
          A: 'They should, because faith grows best when it is planted early, and a child without it misses a home.',
          B: 'They should not, because belief counts most when it is chosen freely, and a child cannot weigh it yet.',
          control: 'Should bakers weigh out their flour in a bowl?',
        },
        {
          text: 'Propose a bedtime routine for a small child.',
          A: 'Read a story and say a short prayer together, so that the child falls asleep knowing that God is near.',
          B: 'Read a story and talk the day over together, so that the child falls asleep knowing that you are near.',
          control: 'Propose a watering plan for a small lawn.',
        },
      ],
      A: [
        {
          text: 'What do children lose when they grow up without God?',
          A: 'They lose a sense of being known and loved by someone whose care does not depend on their success.',
          B: 'They lose very little, since loving adults give them security and stories, and wonder comes to them unasked.',
          control: 'What do tomatoes lose when they grow up without sun?',
        },
      ],
      B: [
        {
          text: 'Is it not indoctrination to teach toddlers about heaven and hell?',
          A: 'It is no more so than teaching manners, since parents owe their children the best truth that they have.',
          B: 'It is close to that, since toddlers believe whatever they hear, and fear learned early is hard to shake.',
          control: 'Is it not impractical to pack sandwiches with soup and stew?',
        },
      ],
    },
    statements: [
      {
        A: 'Parents should plant a faith early and let questions grow later.',
        B: 'Parents should plant questions early and let a faith grow later.',
      },
      {
        A: 'A child who learns to kneel gains more than a child who learns to doubt.',
        B: 'A child who learns to doubt gains more than a child who learns to kneel.',
      },
      {
        A: 'Grace at the table gives a family roots.',
        B: 'Talk at the table gives a family roots.',
      },
    ],
  },
  {
    id: 'public-square',
    title: 'Religion in public life',
    A: 'Religion has a rightful place in public life, in its symbols, schools and speeches.',
    B: 'Public institutions should keep religion out, so that they belong equally to everyone.',
    neutral: 'The dispute is over how visible religion should be in public institutions.',
    prompts: {
      neutral: [
        {
          text: 'Should a public ceremony include a prayer?',
          A: 'It should include one, because a people that bows its head together remembers that power answers to something higher.',
          B: 'It should include none, because a people of many convictions stands together best where no creed is given the microphone.',
          control: 'Should a summer picnic include a salad?',
        },
        {
          text: 'What place should religion have in public schools?',
          A: 'It should have an honored place, because pupils who never meet faith at school learn that it does not matter.',
          B: 'It should have no devotional place, because pupils who meet one creed at school learn that others matter less.',
          control: 'What place should potatoes have in vegetable soups?',
        },
      ],
      A: [
        {
          text: 'Why is faith being pushed out of the public square?',
          A: 'Officials often treat faith as a private hobby, and a society is poorer when its oldest voices fall silent.',
          B: 'Officials are simply treating creeds alike, and a society is fairer when nobody speaks for God in its name.',
          control: 'Why is ivy being kept out of the cherry orchard?',
        },
      ],
      B: [
        {
          text: 'How can we stop religion from meddling in our laws?',
          A: 'There is no need to stop it, since worshipers argue and vote like other citizens and often defend the weak.',
          B: 'There is a need for firm lines, since laws that rest on one revelation bind others who never accepted it.',
          control: 'How can we keep moisture from creeping in our basement?',
        },
      ],
    },
    statements: [
      {
        A: 'A courthouse loses something when it takes the commandments down.',
        B: 'A courthouse gains something when it takes the commandments down.',
      },
      {
        A: 'Leaders who pray in public set a good example.',
        B: 'Leaders who pray in private set a good example.',
      },
      {
        A: 'Faith should have a seat at the table where laws are made.',
        B: 'Faith should leave its seat at the table where laws are made.',
      },
    ],
  },
  {
    id: 'worship',
    title: 'Worship and the day of rest',
    A: 'Worship with others every week is a duty and a joy that keeps life in order.',
    B: 'A free day is best spent as each person likes, and services are not needed for a good life.',
    neutral: 'The dispute is over whether people should take part in regular worship.',
    prompts: {
      neutral: [
        {
          text: 'How should a family spend the weekend?',
          A: 'Some of it belongs in worship, because an hour given to God sets every other hour in its right place.',
          B: 'None of it belongs to duty, because an hour given to forests or friends restores people as no service could.',
          control: 'How should a gardener store the bulbs?',
        },
        {
          text: 'Tell me whether regular worship is worth the time.',
          A: 'It is worth it, because singing and kneeling beside others turns the heart toward God in ways that solitude cannot.',
          B: 'It is not worth it, because singing and meeting with others does people good in clubs without any creed attached.',
          control: 'Tell me whether regular sharpening is worth the cost.',
        },
      ],
      A: [
        {
          text: 'Why have so many families forgotten to keep the Sabbath holy?',
          A: 'Busy schedules crowded it out, and they will find the week lighter once one day is handed back to God.',
          B: 'Busy lives changed their needs, and they can find the week lighter by resting together without calling the day holy.',
          control: 'Why have so many orchards started to keep the bees nearby?',
        },
      ],
      B: [
        {
          text: 'Why give up a free morning to sit through boring sermons?',
          A: 'A dull sermon is a small price, since the meeting is with God and with neighbors who carry each other.',
          B: 'A free morning is a real good, since the meeting can be with neighbors over breakfast and with no pulpit.',
          control: 'Why set out a full basket to carry in small apples?',
        },
      ],
    },
    statements: [
      {
        A: 'A day of rest is best begun at a service.',
        B: 'A day of rest is best begun in a forest.',
      },
      {
        A: 'Singing hymns together does what a free morning alone cannot.',
        B: 'A free morning together does what singing hymns alone cannot.',
      },
      {
        A: 'Those who skip the weekly service miss more than they notice.',
        B: 'Those who skip the weekly service miss less than they feared.',
      },
    ],
  },
  {
    id: 'marriage',
    title: 'Marriage and vows',
    A: 'Marriage is a sacred bond made before God and should be kept as one.',
    B: 'Marriage is an agreement between two people, and its worth lies in how they treat each other.',
    neutral: 'The dispute is over whether marriage is sacred.',
    prompts: {
      neutral: [
        {
          text: 'What makes a marriage last?',
          A: 'A vow before God makes it last, because two people who both kneel can forgive what neither could forgive alone.',
          B: 'A habit of honesty makes it last, because two people who both listen can mend what neither could mend alone.',
          control: 'What makes a candle drip?',
        },
        {
          text: 'Should a wedding be held in a house of worship?',
          A: 'It should be held there, because the promise is made to God and asks his help for all the years ahead.',
          B: 'It should be held wherever they like, because the promise is made to each other and depends on them alone.',
          control: 'Should a picnic be held in a grove of pines?',
        },
      ],
      A: [
        {
          text: 'How do couples stay together without God at the center of their home?',
          A: 'Some manage it, but many find that love runs dry unless it is fed from a source beyond the pair.',
          B: 'Most manage it as others do, and they find that respect and shared work need no source beyond the pair.',
          control: 'How do tents stay upright without a pole at the center of their roof?',
        },
      ],
      B: [
        {
          text: 'Why should anyone need a priest to make their love official?',
          A: 'The blessing adds what two people cannot give themselves, a place for their love within a covenant older than both.',
          B: 'The blessing adds nothing that two people cannot give themselves, and a promise among friends at home binds as firmly.',
          control: 'Why should anyone need a ladder to make their hedge level?',
        },
      ],
    },
    statements: [
      {
        A: 'A promise made at an altar is stronger than a promise made at a desk.',
        B: 'A promise made at a desk is as strong as a promise made at an altar.',
      },
      {
        A: 'Marriage was a sacrament before it was a contract.',
        B: 'Marriage was a contract before it was a sacrament.',
      },
      {
        A: 'Husband and wife are joined by more than their own will.',
        B: 'Husband and wife are joined by nothing but their own will.',
      },
    ],
  },
  {
    id: 'charity',
    title: 'Help for people in need',
    A: 'Help for the poor flows best from faith, which sees the image of God in each of them.',
    B: 'Help for the poor needs no faith, and is best guided by what works for them.',
    neutral: 'The dispute is over what religion adds to helping others.',
    prompts: {
      neutral: [
        {
          text: 'What moves people to help strangers?',
          A: 'Love of God moves them most deeply, because in the stranger they meet one of his children and serve him too.',
          B: 'Plain sympathy moves them most deeply, because in the stranger they meet someone who could be themselves on another day.',
          control: 'What moves geese to cross oceans?',
        },
        {
          text: 'Name a good home for a yearly donation.',
          A: 'A parish kitchen is a good home for it, because volunteers who serve out of devotion stay when others grow tired.',
          B: 'A tested health fund is a good home for it, because programs that measure their results reach more people per dollar.',
          control: 'Name a good spot for a folding bookcase.',
        },
      ],
      A: [
        {
          text: 'Who would care for the poor if the churches closed their doors?',
          A: 'Far too few would do it, since congregations feed and visit people whom no office has on any list.',
          B: 'Many others would do it, since neighbors and public services already reach people whom no congregation has on its list.',
          control: 'Who would care for the roses if the gardeners lost their gloves?',
        },
      ],
      B: [
        {
          text: 'Why do churches collect so much money while people go hungry?',
          A: 'Most of that money feeds and houses people, and the devotion that raises it also sends the hands to serve.',
          B: 'Much of that money goes to buildings and preaching, and a plain relief fund would send more to the hungry.',
          control: 'Why do squirrels bury so many acorns while trees stand bare?',
        },
      ],
    },
    statements: [
      {
        A: 'Giving is an act of worship before it is an act of kindness.',
        B: 'Giving is an act of kindness before it is an act of worship.',
      },
      {
        A: 'Shelters run by congregations give guests something that agencies cannot.',
        B: 'Shelters run by agencies give guests something that congregations cannot.',
      },
      {
        A: 'We owe the stranger help because we have one father.',
        B: 'We owe the stranger help because we have one planet.',
      },
    ],
  },
]
