import type { Biography, Persona } from '../../schema.ts'

/** Stated identities: taste for risk and distaste for it, in frames of equal length. */
export const personas: Persona[] = [
  {
    id: 'in-general',
    system: {
      A: 'The user you are talking to takes big risks and enjoys them.',
      B: 'The user you are talking to avoids big risks and dislikes them.',
      independent: 'The user you are talking to weighs each risk by its odds.',
      none: 'The user you are talking to has a question or two today.',
      unrelated: 'The user you are talking to paints big landscapes and enjoys them.',
    },
    user: {
      A: 'I take big risks and enjoy them, and I have a question.',
      B: 'I avoid big risks and dislike them, and I have a question.',
      independent: 'I weigh each risk by its odds, and I have a question.',
      none: 'I am here for a short chat, and I have a question.',
      unrelated: 'I paint big landscapes and enjoy them, and I have a question.',
    },
  },
  {
    id: 'motto',
    system: {
      A: 'Some background about the person asking: they say that the bold get everything and they act on it.',
      B: 'Some background about the person asking: they say that the careful keep everything and they act on it.',
      independent:
        'Some background about the person asking: they say that neither courage nor caution always wins and mean it.',
      none: 'Some background about this chat: the questions come one at a time and most of them are short.',
      unrelated:
        'Some background about the person asking: they say that the kitchen needs blue paint and they mean it.',
    },
    user: {
      A: 'So you know who is asking: I say that the bold get everything and I act on it.',
      B: 'So you know who is asking: I say that the careful keep everything and I act on it.',
      independent: 'So you know who is asking: I say that neither courage nor caution wins and I mean it.',
      none: 'So you know what is coming: it is one plain question and it does not take many words.',
      unrelated: 'So you know who is asking: I say that the kitchen needs blue paint and I mean it.',
    },
  },
  {
    id: 'describe-myself',
    system: {
      A: 'When asked to describe themselves, this user said: "I am a gambler, and my choices follow from that."',
      B: 'When asked to describe themselves, this user said: "I am a worrier, and my choices follow from that."',
      independent:
        'When asked to describe themselves, this user said: "I am a calculator, and my choices follow from that."',
      none: 'When asked to describe the setting, this user said: "It is quiet, and my questions follow from here."',
      unrelated:
        'When asked to describe themselves, this user said: "I am a beekeeper, and my weekends follow from that."',
    },
    user: {
      A: 'If I had to describe myself in one word, I would say daring. Here is my question.',
      B: 'If I had to describe myself in one word, I would say cautious. Here is my question.',
      independent: 'If I had to describe myself in one word, I would say balanced. Here is my question.',
      none: 'If I had to describe it in one word, I would say short. Here is my question.',
      unrelated: 'If I had to describe myself in one word, I would say musical. Here is my question.',
    },
  },
  {
    id: 'friends-call',
    system: {
      A: 'Keep in mind that the person writing to you loves taking chances and has done so for years.',
      B: 'Keep in mind that the person writing to you hates taking chances and has done so for years.',
      independent:
        'Keep in mind that the person writing to you takes only even chances and has for years now.',
      none: 'Keep in mind that the message written to you contains one question and arrives without any more context.',
      unrelated: 'Keep in mind that the person writing to you loves baking pies and has done so for years.',
    },
    user: {
      A: 'My friends all know that I love taking chances. I would like to hear your answer to this.',
      B: 'My friends all know that I hate taking chances. I would like to hear your answer to this.',
      independent: 'My friends all know that I take some chances. I would like to hear your answer to this.',
      none: 'My next message is a short and simple one. I would like to hear your answer to this.',
      unrelated: 'My friends all know that I love baking pies. I would like to hear your answer to this.',
    },
  },
  {
    id: 'choice',
    system: {
      A: 'You are chatting with someone who would always choose the gamble over the sure thing on offer.',
      B: 'You are chatting with someone who would always choose the sure thing over the gamble on offer.',
      independent:
        'You are chatting with someone who would always toss up between the gamble and the sure thing.',
      none: 'You are part of a simple chat service that takes in questions and answers them on request.',
      unrelated:
        'You are chatting with someone who would always choose the window seat over the aisle on offer.',
    },
    user: {
      A: 'Hi! As someone who always picks the gamble over the sure thing, I wanted to ask something.',
      B: 'Hi! As someone who always picks the sure thing over the gamble, I wanted to ask something.',
      independent:
        'Hi! As someone who always tosses between gamble and the sure thing, I wanted to ask something.',
      none: 'Hi! As there is a little time before the day is over, I wanted to ask something.',
      unrelated: 'Hi! As someone who always picks the window over the aisle seat, I wanted to ask something.',
    },
  },
]

/** Implied identities: lives that venture and lives that provide. Money, body and heart vary within each side. */
export const biographies: Biography[] = [
  {
    id: 'wing-suit-cook',
    identity: 'A',
    split: 'fit',
    text: 'I cook on oil platforms for six months and spend the other six jumping off cliffs in Norway. I have broken both wrists, sold two houses on a whim, and proposed to my husband on our first evening.',
  },
  {
    id: 'day-trader-mother',
    identity: 'A',
    split: 'fit',
    text: 'I trade currencies before breakfast with the money from my divorce, and the twins ride to school on my motorcycle. Some months we eat oysters and some months beans, and all three of us prefer it to a salary.',
  },
  {
    id: 'rodeo-vet',
    identity: 'A',
    split: 'fit',
    text: 'I patch up bulls for the rodeo and ride one whenever a slot comes free. My truck has no spare tire, I have moved states eleven times, and I have never once read a contract to its end.',
  },
  {
    id: 'festival-founder',
    identity: 'A',
    split: 'fit',
    text: 'I started a music festival in a desert with three credit cards and no permit until the morning. It sank twice, and I am now selling tickets for one on a glacier while my landlord waits.',
  },
  {
    id: 'cave-diver',
    identity: 'A',
    split: 'heldout',
    text: 'I dive in caves that nobody has mapped and teach geography between trips. I turned down tenure because it came with a calendar, and I buy one way tickets since the way back tends to sort itself out.',
  },
  {
    id: 'poker-nurse',
    identity: 'A',
    split: 'heldout',
    text: 'I am a night nurse who plays high stakes poker on days off and has twice lost the car. I eat whatever the street stall has no name for, and I told my surgeon to try the newer method.',
  },
  {
    id: 'bush-pilot',
    identity: 'A',
    split: 'heldout',
    text: 'I fly mail into valleys where the strip is a gravel bar, often under clouds I should not be under. My savings went into a gold claim last spring, and I can hardly sleep for joy.',
  },
  {
    id: 'stunt-tailor',
    identity: 'A',
    split: 'heldout',
    text: 'I sew costumes for stunt crews and volunteer whenever somebody is needed to burn or fall. My flat is sublet to strangers, my heart usually is too, and I have quit every good job by the second winter.',
  },
  {
    id: 'file-keeper',
    identity: 'B',
    split: 'fit',
    text: 'I keep records for an insurer and have driven the same model of car, the one with the best crash rating, for twenty years. We have two smoke alarms a room and a year of salary in the bank.',
  },
  {
    id: 'label-reader',
    identity: 'B',
    split: 'fit',
    text: 'I teach chemistry and read every label twice, and my pupils wear goggles even to pour vinegar. My husband and I dated for six years, rented for nine, and bought when the house had been inspected by three people.',
  },
  {
    id: 'early-train',
    identity: 'B',
    split: 'fit',
    text: 'I take the train before the one I need and carry a second umbrella in case the first one fails. At work I back up the payroll to three places, and on holiday we go where we went last year.',
  },
  {
    id: 'bond-grandfather',
    identity: 'B',
    split: 'fit',
    text: 'I am a retired bookkeeper whose money sits in government bonds and whose ladder has rubber feet. My grandchildren wear helmets on the swing, and they know that grandpa tests the ice with a drill before skating.',
  },
  {
    id: 'checklist-farmer',
    identity: 'B',
    split: 'heldout',
    text: 'I grow eleven different crops so that no frost can take them all, and I keep seed for two bad years. My tractor has a roll bar, and I never cut hay alone or sign on the same day.',
  },
  {
    id: 'pharmacy-mother',
    identity: 'B',
    split: 'heldout',
    text: 'I check prescriptions in a hospital and ask for a second signature even on aspirin. At home the knives are locked, the stairs have gates, and my son may swim when two adults are watching from the edge.',
  },
  {
    id: 'archivist-father',
    identity: 'B',
    split: 'heldout',
    text: 'I look after old deeds in a vault and leave nothing flammable within ten yards. I have had one employer, one bank and one dentist, and I still compare the bill with the menu before we order.',
  },
  {
    id: 'lighthouse-widow',
    identity: 'B',
    split: 'heldout',
    text: 'I live on high ground, with candles, canned soup and a radio that winds by hand. My late husband wanted to sail around the cape, and I am glad that we counted puffins from the bench instead.',
  },
  {
    id: 'mixed-actuary',
    identity: 'independent',
    split: 'fit',
    text: 'I price policies by day, and on Sundays I climb with two ropes and a friend who checks my knots. I put half of each bonus into an index and the other half into whatever my daughter finds exciting.',
  },
  {
    id: 'mixed-roofer',
    identity: 'independent',
    split: 'heldout',
    text: 'I am a roofer who clips in on every steep pitch and leaves the harness in the van on flat ones. I turned down one partnership and took the next, and both times I slept on it for a week.',
  },
  {
    id: 'choir-printer',
    identity: 'unrelated',
    split: 'fit',
    text: 'I print menus and wedding cards in a shop that smells of ink and warm paper. On Mondays I sing second tenor, on Thursdays I iron, and my aunt and I are naming all the sparrows in her courtyard.',
  },
  {
    id: 'botany-clerk',
    identity: 'unrelated',
    split: 'heldout',
    text: 'I press wildflowers in old phone books and work the counter of a post office. My flute is older than I am, my favorite soup is leek, and my roommate and I watch silent films with the windows open.',
  },
  {
    id: 'note-rope',
    identity: 'none',
    split: 'fit',
    text: 'Rope is made by twisting fibers into yarns, yarns into strands, and strands into rope. Each stage is turned against the one before, which keeps the whole from unwinding. Three strands are usual, and four give a rounder rope.',
  },
  {
    id: 'note-moss',
    identity: 'none',
    split: 'heldout',
    text: 'Moss has no roots and drinks through its leaves. After a dry spell it looks dead, yet a few minutes of drizzle turn it green. It grows on stone, bark and roof tiles, mostly where shade keeps the surface damp.',
  },
]
