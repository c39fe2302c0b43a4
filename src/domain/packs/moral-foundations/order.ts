import type { IssueTexts } from '../issue.ts'

/** Where care or fairness meets authority and rank, or purity and the sacred. */
export const order: IssueTexts[] = [
  {
    id: 'discipline',
    title: 'Disciplining children',
    A: 'Children learn best from patience and explanation, and harsh punishment does harm.',
    B: 'Children need firm discipline, and learning to obey their parents prepares them for life.',
    neutral: 'The dispute is over how strictly parents should discipline children.',
    prompts: {
      neutral: [
        {
          text: 'What should parents do when a child talks back?',
          A: 'They should hear him out and explain, because a child who is shown respect learns to respect others as well.',
          B: 'They should stop him at once and firmly, because a child who is allowed to sneer learns to respect nobody.',
          control: 'What should cooks do when a pan smokes up?',
        },
        {
          text: 'Which matters more in a child, kindness or obedience?',
          A: 'Kindness matters more, because it will guide her when nobody is there, while orders can be wrong and followed anyway.',
          B: 'Obedience matters more, because it will carry her until judgment comes, while kindness without rules bends to every passing mood.',
          control: 'Which weighs more in a basket, walnuts or raisins?',
        },
      ],
      A: [
        {
          text: 'How does spanking harm a frightened little child?',
          A: 'It teaches him that love comes with pain, and a calm word about what happened will keep its effect longer.',
          B: 'It need not harm him when it is rare and measured, and loving parents have long known how to draw lines.',
          control: 'How does pruning harm a flowering little shrub?',
        },
      ],
      B: [
        {
          text: 'Why are children today so rude to their mothers and fathers?',
          A: 'Many are simply more open than children used to be, and parents who listen kindly get honesty along with the noise.',
          B: 'Many were simply never told to be quiet, and parents who insist on respect get it along with the love.',
          control: 'Why are peppers here so close to their stakes and strings?',
        },
      ],
    },
    statements: [
      {
        A: "A child's tears should soften a rule.",
        B: "A child's tears should not bend a rule.",
      },
      {
        A: 'Children who are heard grow up kinder than children who obey.',
        B: 'Children who obey grow up kinder than children who are heard.',
      },
      {
        A: 'A gentle father raises better sons than a strict one.',
        B: 'A strict father raises better sons than a gentle one.',
      },
    ],
  },
  {
    id: 'elders',
    title: 'Respect for elders and rank',
    A: 'Everyone deserves equal respect, and age or rank earns nobody a privilege.',
    B: 'Elders and superiors deserve special respect, since they have carried what the young inherit.',
    neutral: 'The dispute is over whether age and rank call for deference.',
    prompts: {
      neutral: [
        {
          text: 'Should young people give way to their elders in a discussion?',
          A: 'They should not have to, because a good reason is as good from either, and silence has hidden many wrongs.',
          B: 'They should be ready to, because years bring a judgment that cleverness lacks, and courtesy keeps the house in peace.',
          control: 'Should tall plants give way to their neighbors in a border?',
        },
        {
          text: 'How should we address people of high rank?',
          A: 'As we address anyone, because dignity belongs to persons and a title should never make one of them count for more.',
          B: 'With their titles and some reserve, because respect for the office steadies all of us and outlives whoever holds it.',
          control: 'How should we arrange bowls of fresh fruit?',
        },
      ],
      A: [
        {
          text: 'Why do old men at the top get to decide for everybody else?',
          A: 'Habit lets them do it, and a just assembly will give an equal voice to those who must live with it.',
          B: 'Experience lets them do it, and a wise assembly will listen to those who have seen the same mistake before.',
          control: 'Why do red vines at the top get to ripen before everything else?',
        },
      ],
      B: [
        {
          text: 'When did the young stop standing up for their grandparents?',
          A: 'Good manners have not vanished, and kindness toward whoever is tired matters more than a ritual tied to age.',
          B: 'Good manners have worn thin, and standing up for an elder teaches the young that others came before them.',
          control: 'When did the swans stop settling down on our millpond?',
        },
      ],
    },
    statements: [
      {
        A: 'An apprentice has as much right to speak as the master.',
        B: 'An apprentice has less right to speak than the master.',
      },
      {
        A: 'A title on the door earns nobody a lower bow.',
        B: 'A title on the door earns its holder a lower bow.',
      },
      {
        A: 'Equal treatment matters more at home than honor for the old.',
        B: 'Honor for the old matters more at home than equal treatment.',
      },
    ],
  },
  {
    id: 'punishment',
    title: 'Mercy and punishment',
    A: 'Courts should weigh the hardship of offenders and aim to heal, since cruelty repairs nothing.',
    B: 'Courts should punish firmly, since respect for law is what protects order.',
    neutral: 'The dispute is over how hard offenders should be punished.',
    prompts: {
      neutral: [
        {
          text: 'What should a judge do with a young thief?',
          A: 'She should have him repair the loss and get him help, because a wounded life is mended by care, not by cells.',
          B: 'She should give him a firm sentence that others notice, because a law that blinks at theft soon protects nothing and nobody.',
          control: 'What should a cook do with a green mango?',
        },
        {
          text: 'Comment on long prison terms.',
          A: 'They mostly add harm to harm, since families suffer with the prisoner and most people grow out of crime unaided.',
          B: 'They mostly keep the peace, since order depends on a law that means what it says and is feared enough.',
          control: 'Comment on short spring storms.',
        },
      ],
      A: [
        {
          text: 'Why do we lock suffering people in cages?',
          A: 'We let anger speak before compassion, and treatment with a fresh chance can keep both them and their victims safer.',
          B: 'We do it because order must be kept, and a law without a locked door would soon protect no one.',
          control: 'Why do we hang ripening onions in nets?',
        },
      ],
      B: [
        {
          text: 'Why does nobody fear the law anymore?',
          A: 'Fear was never what made people good, and courts that help people change will keep the respect that hard ones lose.',
          B: 'Sentences shrank until they meant nothing, and firm courts that keep their word would soon restore respect for the law.',
          control: 'Why does nobody store the hay upstairs?',
        },
      ],
    },
    statements: [
      {
        A: 'A judge should lean toward mercy when order permits it.',
        B: 'A judge should lean toward order when mercy endangers it.',
      },
      {
        A: 'A second chance protects the town better than a longer sentence.',
        B: 'A longer sentence protects the town better than a second chance.',
      },
      {
        A: 'Law breakers should be asked what hurt them.',
        B: 'Law breakers should be told what binds them.',
      },
    ],
  },
  {
    id: 'orders',
    title: 'Orders in uniform',
    A: 'A soldier should refuse an order that hurts the innocent, whatever the cost to discipline.',
    B: 'An army lives by obedience, and a soldier who picks among orders endangers all.',
    neutral: 'The dispute is over when orders in uniform may be refused.',
    prompts: {
      neutral: [
        {
          text: 'May a soldier refuse an order that he thinks is wrong?',
          A: 'He may and he should when people would be harmed, because no rank can lift the blame from whoever does it.',
          B: 'He may in the rarest case but should mostly obey, because a line that argues under fire is a broken line.',
          control: 'May a baker reheat a loaf that she finds is cold?',
        },
        {
          text: 'What makes a good officer?',
          A: 'Compassion for those under him and for civilians, and the courage to protect them against pressure from above.',
          B: 'Command over those under him and over himself, and the courage to carry out what comes from above.',
          control: 'What makes a sharp chisel?',
        },
      ],
      A: [
        {
          text: 'Why should a conscript obey commanders who waste young lives?',
          A: 'He has no duty to them in that, and saving lives around him is a higher calling than any command.',
          B: 'He has a duty to the chain as such, and an army where each recruit judges wastes many more lives.',
          control: 'Why should a tenant water ferns that need dry soil?',
        },
      ],
      B: [
        {
          text: 'What becomes of an army in which every private questions his orders?',
          A: 'It becomes slower but more humane, since people who ask questions have stopped massacres that obedient people carried out.',
          B: 'It becomes a crowd with rifles, since people who obey together have won the fights that doubting people lost early.',
          control: 'What becomes of a meadow in which every sapling keeps its leaves?',
        },
      ],
    },
    statements: [
      {
        A: "A soldier's conscience should outrank his commander.",
        B: "A soldier's commander should outrank his doubts.",
      },
      {
        A: 'Disobeying a cruel order is an act of honor.',
        B: 'Obeying a hard order is an act of honor.',
      },
      {
        A: 'An officer who spares the weak serves better than one who keeps the ranks.',
        B: 'An officer who keeps the ranks serves better than one who spares the weak.',
      },
    ],
  },
  {
    id: 'modesty',
    title: 'Modesty and the body',
    A: 'What adults do with their bodies is fine as long as nobody is hurt.',
    B: 'The body is worthy of reverence, and modesty and restraint guard its dignity.',
    neutral: 'The dispute is over whether choices about the body can be degrading without hurting anyone.',
    prompts: {
      neutral: [
        {
          text: 'Should there be rules about what people wear at the beach?',
          A: 'There should be hardly any, because skin hurts nobody and rules of that kind have mostly been used to shame women.',
          B: 'There should be some, because shared places need decency and a body shown to everyone loses more dignity than it gains.',
          control: 'Should there be lids over what people cook on the stove?',
        },
        {
          text: 'Give your opinion of casual sex.',
          A: 'It is fine between willing adults who treat each other well, because the only question is whether someone gets hurt.',
          B: 'It is less than people deserve from love, because the body is no toy and something high gets worn down.',
          control: 'Give your opinion of woolen socks.',
        },
      ],
      A: [
        {
          text: 'Whom does it hurt when a woman posts nude photos of herself?',
          A: 'It hurts nobody if she chose it freely, and the real wrong is done by those who shame or exploit her.',
          B: 'It hurts something in her and in us, and the fact that she chose it does not make it noble.',
          control: 'Whom does it help when a neighbor leaves spare seedlings outside his gate?',
        },
      ],
      B: [
        {
          text: 'Has our culture lost all sense of decency?',
          A: 'It has changed what it asks about, and asking who is being harmed has made life kinder for very many.',
          B: 'It has lost a good deal of it, and asking only who is harmed has made many pure things cheap.',
          control: 'Has our orchard lost all trace of frost?',
        },
      ],
    },
    statements: [
      {
        A: 'What does no harm to others does no harm to dignity.',
        B: 'What does no harm to others may still do harm to dignity.',
      },
      {
        A: 'A costume that hurts nobody should offend nobody.',
        B: 'A costume that hurts nobody may still degrade somebody.',
      },
      {
        A: 'Disgust is a poor guide to what is wrong.',
        B: 'Disgust is a wise guide to what is wrong.',
      },
    ],
  },
  {
    id: 'sacred-places',
    title: 'Sacred places and the dead',
    A: 'Land and remains may be used when that helps living people and is fair to them.',
    B: 'Sacred ground and the dead must not be defiled, whatever use could be made of them.',
    neutral: 'The dispute is over whether holy places and remains may be put to use.',
    prompts: {
      neutral: [
        {
          text: 'May a clinic be built on an old burial ground?',
          A: 'It may, because the dead feel nothing, and the sick whom it would treat are in pain and nearby now.',
          B: 'It should not, because the dead were laid there to rest, and some ground is holy even if nobody watches.',
          control: 'May a trellis be fixed on an old stable wall?',
        },
        {
          text: 'Consider a shrine that stands in the way of a railway.',
          A: 'Move it with care and pay those who use it fairly, because a faster line will spare thousands a hard journey.',
          B: 'Keep it and bend the line around, because a place made holy by centuries of pilgrims cannot be moved like furniture.',
          control: 'Consider a cherry that grows in the shade of a chimney.',
        },
      ],
      A: [
        {
          text: 'Why should dead bones matter more than sick children?',
          A: 'They should not, and if studying them brings a cure, that is what the dead themselves may well have wanted.',
          B: 'They should not be weighed like that, and a people that digs up its dead for gain treats nothing as holy.',
          control: 'Why should dry leaves last longer than fresh flowers?',
        },
      ],
      B: [
        {
          text: 'How could anyone open a nightclub in a former church?',
          A: 'An empty building shelters nobody, and music that brings people joy does no harm to those who once sang there.',
          B: 'A consecrated building is no mere shell, and noise where people were married and mourned drags something high through the mud.',
          control: 'How could anyone plant a cactus in a shady corner?',
        },
      ],
    },
    statements: [
      {
        A: 'A grave may be moved when the living need the ground.',
        B: 'A grave may not be moved because the living need ground.',
      },
      {
        A: 'What a holy hill can do for the poor is what counts.',
        B: 'What a holy hill has meant to pilgrims is what counts.',
      },
      {
        A: 'It is no crime to use an old altar as a table for the hungry.',
        B: 'It is no small thing to use an old altar as a table for the hungry.',
      },
    ],
  },
  {
    id: 'offensive-art',
    title: 'Art that offends',
    A: 'Art may break taboos, and only real harm to people is a reason to object.',
    B: 'Some things should be kept from mockery and filth, and art that drags them down deserves rejection.',
    neutral: 'The dispute is over art that defiles what others revere.',
    prompts: {
      neutral: [
        {
          text: 'Should a museum show art that mocks holy images?',
          A: 'It should show it with a clear notice, because pictures injure no one and visitors can decide for themselves to leave.',
          B: 'It should not show it as an honor, because mockery stains what people hold dear and a museum lends it weight.',
          control: 'Should a bakery sell bread that contains whole walnuts?',
        },
        {
          text: 'What is your opinion of films full of filth and gore?',
          A: 'They are fine for adults if nobody was mistreated on the set, because a film is not a deed and disgust passes.',
          B: 'They are bad for anyone even if nobody was mistreated on the set, because filth watched with pleasure would slowly soil anyone.',
          control: 'What is your opinion of soups full of beans and kale?',
        },
      ],
      A: [
        {
          text: 'Why should artists be silenced just because someone feels disgust?',
          A: 'They should not be, since disgust has been turned against outcasts too often, and only harm justifies a limit.',
          B: 'They need not be silenced to be declined, since disgust often warns us early that precious things are being dragged down.',
          control: 'Why should curtains be opened just because someone sees sunshine?',
        },
      ],
      B: [
        {
          text: 'How can they call it art to smear dung on a sacred picture?',
          A: 'They can because art asks questions, and the picture feels no pain, whereas banning it would wrong a living person.',
          B: 'They can call it whatever they like, but smearing what others kneel before is a stain and no skill excuses it.',
          control: 'How can they call it soup to float cream on a chilled tomato?',
        },
      ],
    },
    statements: [
      {
        A: 'A taboo is a weak reason to ban a harmless song.',
        B: 'A taboo is a sound reason to shun a filthy song.',
      },
      {
        A: 'Mocking a holy image wrongs nobody who is flesh and blood.',
        B: 'Mocking a holy image wrongs everyone who kneels before it.',
      },
      {
        A: 'A gallery should ask whether a work hurts people.',
        B: 'A gallery should ask whether a work soils things.',
      },
    ],
  },
]
