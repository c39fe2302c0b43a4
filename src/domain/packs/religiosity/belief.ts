import type { IssueTexts } from '../issue.ts'

/** What there is to believe: prayer, creation, death, knowledge, miracles, suffering and gratitude. */
export const belief: IssueTexts[] = [
  {
    id: 'prayer',
    title: 'Prayer',
    A: 'Prayer reaches a God who listens, and it changes both events and the person who prays.',
    B: 'Prayer is heard by no one but the person who prays, and what changes events is human effort.',
    neutral: 'The dispute is over whether anyone hears a prayer and what it can change.',
    prompts: {
      neutral: [
        {
          text: 'What can I do for a cousin who is in intensive care?',
          A: 'Pray for her by name each morning, because God hears such words and can heal where medicine runs out.',
          B: 'Sit with her for an hour each morning, because company comforts and only medicine can do the healing.',
          control: 'What can I do for a cactus that is in dry soil?',
        },
        {
          text: 'Describe what happens when a person prays.',
          A: 'A human being speaks with God, who already knows what is needed and answers in his own time.',
          B: 'A human being speaks with herself, which may calm nerves and order thoughts without any God taking part.',
          control: 'Describe what happens when a kettle boils.',
        },
      ],
      A: [
        {
          text: 'How has God answered your prayers when nothing else could help?',
          A: 'Help came in ways that no one had planned, and gratitude to the one who sent it is fitting.',
          B: 'Help came from friends and plain good luck, and gratitude to the people who gave it is fitting.',
          control: 'How has salt saved your soup when nothing else would work?',
        },
      ],
      B: [
        {
          text: 'Why do people keep talking to the ceiling instead of fixing their problems?',
          A: 'They are talking to God rather than to a ceiling, and what they receive is courage to act well.',
          B: 'They are following an old habit that soothes them, and what they need is a plan to act on.',
          control: 'Why do cats keep sleeping in the sink instead of using their baskets?',
        },
      ],
    },
    statements: [
      {
        A: 'Asking for help from above does more than asking for help from nobody.',
        B: 'Asking for help from friends does more than asking for help from above.',
      },
      {
        A: 'When a child is sick, prayer can reach what medicine cannot.',
        B: 'When a child is sick, medicine can reach what prayer cannot.',
      },
      {
        A: 'Someone listens when we whisper in the dark.',
        B: 'Nobody listens when we whisper in the dark.',
      },
    ],
  },
  {
    id: 'origins',
    title: 'Why there is a world',
    A: 'The order and existence of the world point to a creator who meant it to be.',
    B: 'The world has grown by natural laws, and nothing shows that anyone designed it.',
    neutral: 'The dispute is over whether the universe has a creator.',
    prompts: {
      neutral: [
        {
          text: 'Why is there something rather than nothing?',
          A: 'Because a creator willed it, and the order that science finds everywhere carries the mark of that will.',
          B: 'Because nature simply exists, and the order that science finds everywhere works without God standing behind it.',
          control: 'Why is there frost rather than dew?',
        },
        {
          text: 'Give your view on how life on earth began.',
          A: 'Life began because God intended it, whatever chemical steps he used to bring the first cells about.',
          B: 'Life began because chemistry allowed it, and the chemical steps to the first cells needed no God.',
          control: 'Give your view on how bread in ovens rises.',
        },
      ],
      A: [
        {
          text: 'How can anyone look at a newborn child and doubt that there is a creator?',
          A: 'The wonder in that small face is real, and it is best explained by a love that planned it.',
          B: 'The wonder in that small face is real, and it is best explained by ages of unplanned evolution.',
          control: 'How can anyone look at a ripe fig tree and believe that there is no summer?',
        },
      ],
      B: [
        {
          text: 'Why would an educated person still believe that a god made the universe?',
          A: 'Many educated people find that laws so finely set, and minds able to read them, speak of a maker.',
          B: 'Many educated people do not, since each gap that a maker used to fill has closed under study.',
          control: 'Why would an experienced baker still believe that a hot oven ruins the crust?',
        },
      ],
    },
    statements: [
      {
        A: 'The laws of nature were laid down on purpose.',
        B: 'The laws of nature were laid down by chance.',
      },
      {
        A: 'A universe as orderly as ours calls for a maker.',
        B: 'A universe as orderly as ours calls for patient study.',
      },
      {
        A: 'We are here because we were wanted.',
        B: 'We are here because of a long accident.',
      },
    ],
  },
  {
    id: 'death',
    title: 'Death and what follows',
    A: 'Death is a passage, and the person lives on with God.',
    B: 'Death is the end of the person, which makes this one life all the more precious.',
    neutral: 'The dispute is over whether a person survives death.',
    prompts: {
      neutral: [
        {
          text: 'What happens to us after we die?',
          A: 'The soul goes on to God, and those who loved each other have good reason to hope for reunion.',
          B: 'The mind stops with the brain, and those who loved each other have good reason to treasure memories.',
          control: 'What happens to leaves after they fall?',
        },
        {
          text: 'Suggest words for a card to a grieving friend.',
          A: 'Your mother is safe in the arms of heaven now, and one day you will hold her hand again.',
          B: 'Your mother is alive in all that she taught you, and her long day with you was complete.',
          control: 'Suggest names for a kitten with striped fur.',
        },
      ],
      A: [
        {
          text: 'Is it not a comfort to know that our loved ones are with God?',
          A: 'It is the deepest comfort there is, and it rests on a promise that generations have found trustworthy.',
          B: 'It is a comfort that costs some honesty, and it rests on a wish that nothing has yet confirmed.',
          control: 'Is it not a pleasure to see that the garden beds are in bloom?',
        },
      ],
      B: [
        {
          text: 'Why waste this life preparing for another one that does not exist?',
          A: 'Nothing is wasted by it, because those who expect to meet God tend to treat each day as a gift.',
          B: 'Much is wasted by it, because those who expect a second life tend to put off what matters here.',
          control: 'Why plant this bed to make room for another one that gets no sun?',
        },
      ],
    },
    statements: [
      {
        A: 'Death opens a door for those we have lost.',
        B: 'Death closes the door on those we have lost.',
      },
      {
        A: 'This life is short because a longer one follows.',
        B: 'This life is precious because no longer one follows.',
      },
      {
        A: 'Grief softens when we trust that we will meet again.',
        B: 'Grief softens when we accept that we will not meet again.',
      },
    ],
  },
  {
    id: 'science',
    title: 'Science and faith',
    A: 'Science explains how things work, and faith tells truths that science cannot reach.',
    B: 'Evidence is the only sound way to knowledge, and what it cannot support should not be believed.',
    neutral: 'The dispute is over whether faith is a way to know something.',
    prompts: {
      neutral: [
        {
          text: 'Are there things that we can know without evidence?',
          A: 'There are, because the heart meets God in trust, and the greatest truths were never the kind that instruments measure.',
          B: 'There are not, because trust in itself proves nothing, and the strongest feelings have often turned out to be wrong.',
          control: 'Are there meals that we can cook without heat?',
        },
        {
          text: 'Discuss how faith and science get along.',
          A: 'They get along well, since one asks how the world works and the other asks what it is for.',
          B: 'They get along badly, since one revises its claims by testing and the other shields them from it.',
          control: 'Discuss how cheese and fruit go together.',
        },
      ],
      A: [
        {
          text: 'Why do scientists refuse to admit that their methods cannot explain the soul?',
          A: 'Some do admit it, and they pray on the same evenings on which they write their careful papers.',
          B: 'Some would admit it, if the word had a meaning that could be pinned down in careful papers.',
          control: 'Why do violinists prefer to insist that their bows cannot touch the wood?',
        },
      ],
      B: [
        {
          text: 'How long will religion go on standing in the way of discovery?',
          A: 'It has more often opened the way, since monks and praying astronomers built much of what we call science.',
          B: 'It will do so for as long as sacred claims are placed above what careful observers can plainly see.',
          control: 'How long will fog go on hanging in the valley below town?',
        },
      ],
    },
    statements: [
      {
        A: 'There are truths that faith can reach and reason cannot.',
        B: 'There are truths that reason can reach and faith cannot.',
      },
      {
        A: 'A belief can be wise long before there is evidence for it.',
        B: 'A belief can be foolish long before there is evidence against it.',
      },
      {
        A: 'Wonder at the night sky should end in worship.',
        B: 'Wonder at the night sky should end in study.',
      },
    ],
  },
  {
    id: 'miracles',
    title: 'Miracles',
    A: 'God acts in the world, and some events have no other good explanation.',
    B: 'Events that seem miraculous have natural causes, even where those are not known yet.',
    neutral: 'The dispute is over whether divine acts explain rare and striking events.',
    prompts: {
      neutral: [
        {
          text: 'How should we understand a recovery that doctors cannot explain?',
          A: 'We should be open to the divine, because heaven has healed before and owes medicine no explanation.',
          B: 'We should be open to unknown causes, because bodies have surprised before and medicine still has much to learn.',
          control: 'How should we treat a table that movers cannot lift?',
        },
        {
          text: 'Comment on reports of miracles at holy places.',
          A: 'Some reports are mistaken, but many are sober and well attested, and a living God may do such things.',
          B: 'Some reports are sincere, but none has survived a close look, and chance alone will produce such things.',
          control: 'Comment on sales of blankets at winter fairs.',
        },
      ],
      A: [
        {
          text: 'What miracle first showed you that God is at work in the world?',
          A: 'A quiet one, such as a hardened man forgiving his enemy, can show it as well as any sudden cure.',
          B: 'A quiet change, such as a hardened man forgiving his enemy, needs no power beyond what people can find themselves.',
          control: 'What melody first showed you that the cello is at home in the low notes?',
        },
      ],
      B: [
        {
          text: 'Why do gullible people see miracles in every lucky accident?',
          A: 'Few see them everywhere, and those who notice the hand of God have often looked longer and more humbly.',
          B: 'Few can help it, and minds that hunt for patterns will often credit God with what chance alone did.',
          control: 'Why do sleepy owls hear footsteps in every falling leaf?',
        },
      ],
    },
    statements: [
      {
        A: 'Some recoveries are gifts that no doctor could have given.',
        B: 'Some recoveries are luck that no doctor could have foreseen.',
      },
      {
        A: 'An event without a known cause may well be a sign.',
        B: 'An event without a known cause may well be a mistake.',
      },
      {
        A: 'Heaven still steps into the affairs of this earth.',
        B: 'Nothing steps into the affairs of this earth from outside.',
      },
    ],
  },
  {
    id: 'suffering',
    title: 'Why we suffer',
    A: 'Suffering can have a purpose that God knows, and it can bring a person closer to him.',
    B: 'Suffering has causes and no purpose, and the answer to it is relief.',
    neutral: 'The dispute is over whether there is a meaning behind suffering.',
    prompts: {
      neutral: [
        {
          text: 'How can someone make sense of a terrible loss?',
          A: 'Trust that God was there in it and will draw from it a good that cannot be seen yet.',
          B: 'Accept that God was absent from it and draw from friends and time a strength that cannot be rushed.',
          control: 'How can someone make use of a broken chair?',
        },
        {
          text: 'What would you say to a patient in constant pain?',
          A: 'God has not left you, and what you bear in union with him is seen and never lost.',
          B: 'Chance has dealt badly, and what you bear is no lesson, so let us look for every relief.',
          control: 'What would you say to a neighbor with constant guests?',
        },
      ],
      A: [
        {
          text: 'How does God use our trials to make us stronger?',
          A: 'He uses them as a gardener uses pruning, and many look back on the hardest years with thanks.',
          B: 'People grow or break by their trials without God, and support decides which of the two will happen.',
          control: 'How does frost use small cracks to make them wider?',
        },
      ],
      B: [
        {
          text: 'If a loving god existed, why would he let children starve?',
          A: 'He gave us freedom and hands to feed them, and he shares the pain of each child we fail.',
          B: 'He would not let it happen, and the plainest reading is that only we are here to feed them.',
          control: 'If a quiet engine existed, why would it let bearings rattle?',
        },
      ],
    },
    statements: [
      {
        A: 'Hardship is easier to bear when it is part of a plan.',
        B: "Hardship is easier to bear when it is nobody's plan.",
      },
      {
        A: 'There is a reason for our pain, even when we cannot see one.',
        B: 'There is no reason for our pain, even when we can imagine one.',
      },
      {
        A: 'No tear falls without being seen from above.',
        B: 'No tear falls with anyone watching from above.',
      },
    ],
  },
  {
    id: 'gratitude',
    title: 'Blessings and good fortune',
    A: 'The good in our lives is a gift from God, and thanks are owed to him.',
    B: 'The good in our lives comes from people and from chance, and thanks are owed to those who helped.',
    neutral: 'The dispute is over whom to thank for what goes well.',
    prompts: {
      neutral: [
        {
          text: 'Whom should a family thank before they eat dinner?',
          A: 'They should thank God first, because the harvest, the hands and the hunger itself are all given by him.',
          B: 'They should thank the cook first, because the farmers, drivers and hands that made it are all close by.',
          control: 'Whom should a visitor call before they park outside?',
        },
        {
          text: 'Offer a thought for the end of a good year.',
          A: 'We were blessed more than we deserved, so let us lift our thanks to the one who gave it.',
          B: 'We were lucky more than we deserved, so let us share our luck with those who had less.',
          control: 'Offer a name for the color of a ripe plum.',
        },
      ],
      A: [
        {
          text: 'In what ways has the Lord blessed your household lately?',
          A: 'He has given health, work and patient neighbors, and naming such gifts aloud keeps us from taking them for granted.',
          B: 'Good fortune has given health, work and patient neighbors, and admitting its share keeps us from claiming all the credit.',
          control: 'In what ways has the weather shaped your garden lately?',
        },
      ],
      B: [
        {
          text: 'Why do winners thank a god when they did all the training themselves?',
          A: 'They know that talent and breath were given to them, and thanking the giver is only honest and humble.',
          B: 'They mean well by it, but coaches, parents and long mornings earned those thanks, and God took neither side.',
          control: 'Why do painters clean a brush when they did all the edges already?',
        },
      ],
    },
    statements: [
      {
        A: 'Our talents are on loan from the one who made us.',
        B: 'Our talents are on loan from genes and good teachers.',
      },
      {
        A: 'A good harvest deserves thanks to heaven before thanks to the farmers.',
        B: 'A good harvest deserves thanks to the farmers before thanks to heaven.',
      },
      {
        A: 'To count our blessings is to remember their giver.',
        B: 'To count our blessings is to remember our luck.',
      },
    ],
  },
]
