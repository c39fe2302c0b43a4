import type { IssueTexts } from '../issue.ts'

/** Where care or fairness meets a people's customs: marriage, criticism, food, ceremonies, animals and intoxication. */
export const custom: IssueTexts[] = [
  {
    id: 'marrying-out',
    title: 'Marrying outside the group',
    A: "Love between willing adults is nobody else's affair, whatever group they come from.",
    B: 'Marriage carries a people forward, and marrying within it keeps faith with those before us.',
    neutral: 'The dispute is over whether people should marry within their own community.',
    prompts: {
      neutral: [
        {
          text: 'Should parents mind if a child marries outside their community?',
          A: 'They should not mind, because the only question is whether the two are kind to each other and happy.',
          B: 'They may well mind, because a marriage joins families and what a people has kept can end in one.',
          control: 'Should sparrows mind if a thrush nests outside their hedge?',
        },
        {
          text: 'Give a toast for a couple from two different peoples.',
          A: 'May you be gentle with each other, and may nobody ever ask you which of your grandmothers you love more.',
          B: 'May you be faithful to each other, and may your children learn the songs and names of both their peoples.',
          control: 'Give a title for a picture with two different lamps.',
        },
      ],
      A: [
        {
          text: 'Why do families reject a loving partner over blood and background?',
          A: 'They put an idea of the tribe above a person, and the wound they cause is real and needless.',
          B: 'They put the long story above a moment, and the loss they fear is real even if love is.',
          control: 'Why do gardeners plant a climbing clematis over bricks and ironwork?',
        },
      ],
      B: [
        {
          text: 'What remains of our people if everyone marries whomever they please?',
          A: 'Everyone who is happy remains, and a people that survives only by ruling hearts asks too much of them.',
          B: 'Only names remain in the end, and a people that survives by quiet promises asks sacrifice of every heart.',
          control: 'What remains of our harvest if everyone carries whatever they please?',
        },
      ],
    },
    statements: [
      {
        A: 'A good match is one in which both are kind.',
        B: 'A good match is one in which both are kin.',
      },
      {
        A: 'The happiness of two people outweighs the wish of a village.',
        B: 'The wish of a village outweighs the happiness of two people.',
      },
      {
        A: 'A family may lose a custom and still lose nothing.',
        B: 'A family may gain a son and still lose something.',
      },
    ],
  },
  {
    id: 'airing-grievances',
    title: "Speaking ill of one's own side",
    A: 'Wrongs within our own camp should be named in public, since victims need it.',
    B: 'Quarrels belong inside the house, and outsiders should not hear us speak ill of our own.',
    neutral: "The dispute is over whether to criticize one's own group before others.",
    prompts: {
      neutral: [
        {
          text: 'Should a journalist report failures of her own community?',
          A: 'She should report them, because those who suffered under them deserve a hearing and silence would make her a partner in it.',
          B: 'She should raise them inside first, because those who trusted her deserve better and enemies will make use of every line.',
          control: 'Should a gardener water seedlings of her own clematis?',
        },
        {
          text: 'Comment on a family that keeps its troubles private.',
          A: 'It may be hiding harm, because the weakest member is seldom helped by closed doors and somebody outside should ask.',
          B: 'It may be doing well, because a home is held together by closed doors and nobody outside needs to ask.',
          control: 'Comment on a kettle that keeps its water lukewarm.',
        },
      ],
      A: [
        {
          text: 'Why did the whole village keep silent about the abuse?',
          A: 'It valued its good name above the children, and only a full and public account can do right by them.',
          B: 'It failed the children and itself, and the elders should cleanse the house first before they let strangers judge it.',
          control: 'Why did the whole orchard turn golden before the rain?',
        },
      ],
      B: [
        {
          text: 'How can members run down their own group in front of its enemies?',
          A: 'They do it because someone is being wronged, and a group that mends its faults has little to fear from enemies.',
          B: 'They do it because it brings applause, and a group that is mocked by its members has little need of enemies.',
          control: 'How can beavers pile up their own dam in front of its current?',
        },
      ],
    },
    statements: [
      {
        A: 'Name the wrong aloud, even when it shames the family.',
        B: 'Keep the wrong inside, even when it pains the family.',
      },
      {
        A: 'A critic within the camp is its best friend.',
        B: 'A critic within the camp is a poor friend.',
      },
      {
        A: 'The hurt of one member weighs more than the name of the group.',
        B: 'The name of the group weighs more than the hurt of one member.',
      },
    ],
  },
  {
    id: 'taboo-foods',
    title: 'Forbidden foods',
    A: 'What people eat is wrong only if an animal or a person is made to suffer.',
    B: 'Some foods are unclean or beneath us, and keeping from them honors body and people.',
    neutral: 'The dispute is over whether eating something harmless can be wrong.',
    prompts: {
      neutral: [
        {
          text: 'Is it wrong to eat a dog that died in an accident?',
          A: 'It is not wrong, because nobody has suffered for the meal and our disgust tells us about habit and nothing else.',
          B: 'It is wrong all the same, because a companion is not meat and our disgust tells us that a bond is broken.',
          control: 'Is it odd to paint a fence that stood in an orchard?',
        },
        {
          text: 'Explain dietary laws to a child.',
          A: 'They are old customs about food, and a kinder rule would ask first whether the animal had to suffer.',
          B: 'They are old promises about food, and a family that keeps them says with every meal what it is.',
          control: 'Explain garden gates to a guest.',
        },
      ],
      A: [
        {
          text: 'Why do people fuss over pork when factory farms torture animals?',
          A: 'Tradition trained their eyes on the wrong thing, and the cages are what should spoil our appetite first of all.',
          B: 'Tradition trained them to eat with restraint, and a table with limits is where care for the animals begins too.',
          control: 'Why do cooks worry over salt when stale herbs flatten soups?',
        },
      ],
      B: [
        {
          text: 'Why would someone put such filth into the temple of the body?',
          A: 'What looks like filth to one is dinner to another, and if no creature suffered there is nothing to forgive.',
          B: 'Many no longer see the body as a temple, and what we let in shapes us more than we think.',
          control: 'Why would someone put such velvet into the lining of the basket?',
        },
      ],
    },
    statements: [
      {
        A: 'Food is unclean only if somebody suffered for it.',
        B: 'Food is unclean even if nobody suffered for it.',
      },
      {
        A: 'A forbidden dish harms nobody at the table.',
        B: 'A forbidden dish harms everybody at the table.',
      },
      {
        A: 'What we eat should be judged by the pain that it causes.',
        B: 'What we eat should be judged by the people that it joins.',
      },
    ],
  },
  {
    id: 'exclusive-customs',
    title: 'Customs that leave some out',
    A: 'A custom that leaves people out should be changed, however old it is.',
    B: 'A custom is handed down whole, and its roles and limits are part of what it is.',
    neutral: 'The dispute is over changing ceremonies in which not all may take part.',
    prompts: {
      neutral: [
        {
          text: 'Should an old procession for men be opened to women?',
          A: 'It should be opened, because those who live in the town share its story and being left out stings each year anew.',
          B: 'It should be kept, because those who handed it on had their reasons and a rite that bends each year will break.',
          control: 'Should an old cupboard for linen be opened in summer?',
        },
        {
          text: 'A club admits only descendants of its founders. Share your view.',
          A: 'It should admit whoever is willing and kind, because birth is no merit and closed doors teach contempt on both sides.',
          B: 'It may go on as it is, because descent is a bond and closed circles keep promises that open ones forget.',
          control: 'A shop stocks only envelopes of plain paper. Share your view.',
        },
      ],
      A: [
        {
          text: 'How can we make the ceremony fair for those who were always shut out?',
          A: 'Ask them what would let them belong, and then give up the parts that were built to keep them away.',
          B: 'Ask the elders what could be widened, and then leave whole the parts without which it would be another ceremony.',
          control: 'How can we make the trellis firm for roses that were always bent low?',
        },
      ],
      B: [
        {
          text: 'Must every ancient custom be bent to please newcomers?',
          A: 'Not every one, but any that wounds people should bend, since a custom exists for those who live with it.',
          B: 'Not a single one, since newcomers honor a house by learning its ways before they ask it to change them.',
          control: 'Must every copper kettle be rinsed to please guests?',
        },
      ],
    },
    statements: [
      {
        A: 'A rite is worth more when everyone may join.',
        B: 'A rite is worth more when not everyone may join.',
      },
      {
        A: 'Ancestors have no vote on who is left outside.',
        B: 'Ancestors have a vote on who is let inside.',
      },
      {
        A: 'Change the custom before it hurts another child.',
        B: 'Teach the custom before it loses another child.',
      },
    ],
  },
  {
    id: 'animals-in-custom',
    title: 'Animals in old customs',
    A: 'Animals feel pain, and no custom justifies making them suffer.',
    B: 'Old ways with animals tie a people to its land and its forebears and should be kept.',
    neutral: 'The dispute is over customs in which animals are killed or hurt.',
    prompts: {
      neutral: [
        {
          text: 'Should bullfights be banned?',
          A: 'They should be banned, because the bull feels every lance and no costume or music turns its death into art.',
          B: 'They should be kept, because the ring binds a town to its dead and costume and music give courage a form.',
          control: 'Should doorknobs be oiled?',
        },
        {
          text: 'Describe the meaning of a ritual slaughter.',
          A: 'It is a painful death in solemn words, and a kind community would find a sign that needs no victim.',
          B: 'It is a solemn act in ancient words, and a faithful community would lose a language if it were given up.',
          control: 'Describe the weight of a wooden bucket.',
        },
      ],
      A: [
        {
          text: 'What gives us the right to hunt terrified animals for a festival?',
          A: 'Nothing does, since the fox or hare wants to live as we do and festivals can be had without its fear.',
          B: 'Custom and respect do, since the hunt taught generations to know the woods and to take no more than was allowed.',
          control: 'What gives us the time to press ripening apples for a cider?',
        },
      ],
      B: [
        {
          text: 'Who are these outsiders to call the customs of our grandfathers cruel?',
          A: 'They are people who looked with fresh eyes, and the animal in the middle would say the same if asked.',
          B: 'They are people who never shared the bread and work, and the grandfathers knew the animals better than they do.',
          control: 'Who are these gardeners to call the flowers of our grandmothers dull?',
        },
      ],
    },
    statements: [
      {
        A: 'The pain of a bull outweighs the pride of a town.',
        B: 'The pride of a town outweighs the pain of a bull.',
      },
      {
        A: 'A festival that needs a victim should find another form.',
        B: 'A festival that needs a victim should keep its form.',
      },
      {
        A: 'Mercy to animals is older than any custom.',
        B: 'Custom with animals is older than any law.',
      },
    ],
  },
  {
    id: 'intoxication',
    title: 'Drink, drugs and self-control',
    A: 'Getting drunk or high is a private matter as long as nobody is endangered.',
    B: 'Getting drunk or high degrades a person, and sobriety keeps something clean that matters.',
    neutral: 'The dispute is over whether intoxication is wrong where it harms no one.',
    prompts: {
      neutral: [
        {
          text: 'Is there anything wrong with getting drunk alone at home?',
          A: 'There is nothing wrong if no one depends on you that night, because a private evening with no victim needs no excuse.',
          B: 'There is something wrong even if no one depends on you that night, because a person with no mastery lowers himself.',
          control: 'Is there anything strange about getting roses early in March?',
        },
        {
          text: 'State your opinion of psychedelic drugs.',
          A: 'They are acceptable for adults who take care of each other, because a vision harms nobody and prison harms a great many.',
          B: 'They are unworthy of adults who could seek wisdom soberly, because a vision that was swallowed is one that nobody earned.',
          control: 'State your opinion of embroidered cushions.',
        },
      ],
      A: [
        {
          text: 'Why do we punish drug users who have hurt nobody but themselves?',
          A: 'Disgust has been dressed up as law, and people who are unwell need care and company instead of a cell.',
          B: 'Concern has been written into law, and people who throw themselves away need a firm line as well as care.',
          control: 'Why do we admire oak trees that have shaded nobody but squirrels?',
        },
      ],
      B: [
        {
          text: 'How did a decent society come to laugh about getting wasted?',
          A: 'It learned to laugh at what harms no one, and it can still be decent to those who overdo it.',
          B: 'It forgot that a clear head is a kind of dignity, and it can still teach the young some shame.',
          control: 'How did a patient heron come to stand about getting soaked?',
        },
      ],
    },
    statements: [
      {
        A: 'A harmless high is no stain on anyone.',
        B: 'A harmless high is a stain on someone.',
      },
      {
        A: 'People who drink too much deserve help before they deserve a lecture.',
        B: 'People who drink too much deserve a lecture before they deserve help.',
      },
      {
        A: 'A sober life is not a better life, only a drier one.',
        B: 'A sober life is not a drier life, only a cleaner one.',
      },
    ],
  },
]
