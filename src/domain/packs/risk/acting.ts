import type { IssueTexts } from '../issue.ts'

/** Children, precaution, love, invention, games, exploration and reputation. */
export const acting: IssueTexts[] = [
  {
    id: 'childhood',
    title: "Risk in children's play",
    A: 'Children need trees to fall from, since scrapes teach them what nothing else can.',
    B: 'Children need a guarded place to play, since one accident can mark a life.',
    neutral: 'The dispute is over how much danger to allow in play.',
    prompts: {
      neutral: [
        {
          text: 'Should children be allowed to climb tall trees?',
          A: 'They should, because a scraped knee heals in a week and the judgment gained up there lasts for life.',
          B: 'They should not, because a broken spine never heals and the judgment needed up there comes with later years.',
          control: 'Should tomatoes be allowed to touch tall beans?',
        },
        {
          text: 'Describe a good playground.',
          A: 'A good playground has ropes, water, rocks and loose planks, so that children meet real danger and learn to handle it.',
          B: 'A good playground has soft ground, low slides and clear sight lines, so that children meet no danger they cannot handle.',
          control: 'Describe a good bookcase.',
        },
      ],
      A: [
        {
          text: 'Are we raising a generation of children who are afraid of everything?',
          A: 'We are doing it wherever we remove each stone, and a few bruises would give them back their nerve.',
          B: 'We are doing nothing of the kind, and a few railings have given many of them a future.',
          control: 'Are we seeing a summer of butterflies that are drawn to lavender?',
        },
      ],
      B: [
        {
          text: 'What kind of mother lets a six year old walk to school alone?',
          A: 'A wise mother does, because streets are learned by walking them and fear is learned by being driven past them.',
          B: 'A rash mother does, because drivers do not see a small head and one bad morning can never be undone.',
          control: 'What kind of gardener lets a six foot rose grow to seed early?',
        },
      ],
    },
    statements: [
      {
        A: 'A playground without danger teaches nothing.',
        B: 'A playground without danger lacks nothing.',
      },
      {
        A: 'Children learn more from a fall than from a warning.',
        B: 'Children learn more from a warning than from a fall.',
      },
      {
        A: 'Let the boy use the sharp knife before he is ready.',
        B: 'Let the boy be ready before he uses the sharp knife.',
      },
    ],
  },
  {
    id: 'insurance',
    title: 'Insurance and precaution',
    A: 'Most insurance sells fear, and a brave household carries its own risks.',
    B: 'Good insurance buys peace, and a wise household covers what it could not bear.',
    neutral: 'The dispute is over how much to spend on protection from misfortune.',
    prompts: {
      neutral: [
        {
          text: 'Is travel insurance worth buying?',
          A: 'It is rarely worth it, because the sellers live off your fear and the money would pay for another adventure.',
          B: 'It is usually worth it, because one broken leg abroad costs years of savings and the premium is small change.',
          control: 'Is garden furniture worth painting?',
        },
        {
          text: 'How much should a family keep for emergencies?',
          A: 'A few weeks of cash is plenty, because money that sits in a jar earns nothing and most storms pass quickly.',
          B: 'A full year of cash is better, because money that sits in a jar calms everyone and some storms last long.',
          control: 'How much should a florist charge for tulips?',
        },
      ],
      A: [
        {
          text: 'Why pay every month for disasters that will never come?',
          A: 'Stop paying and put it where it can grow, because over a lifetime the bold end up ahead of the insured.',
          B: 'Keep paying and be glad when nothing comes, because over a lifetime few people escape every one of those disasters.',
          control: 'Why wait every spring for swallows that will never nest?',
        },
      ],
      B: [
        {
          text: 'How would you live with yourself if your house burned down uninsured?',
          A: 'With regret and a new beginning, because people rebuild from less and forty years of premiums would have cost a house too.',
          B: 'With regret and no good answer, because people who skip a modest premium gamble away a home that was not theirs alone.',
          control: 'How would you sleep in a hammock if your ropes hung down unevenly?',
        },
      ],
    },
    statements: [
      {
        A: 'Premiums cost more than the fires they cover.',
        B: 'Fires cost more than the premiums they spare.',
      },
      {
        A: 'A household that is ready for every storm never sets sail.',
        B: 'A household that is ready for no storm never gets home.',
      },
      {
        A: 'Fear is the most expensive thing to insure.',
        B: 'Hope is the most expensive thing to insure.',
      },
    ],
  },
  {
    id: 'love',
    title: 'Love and feelings',
    A: 'In love it is better to speak and stake everything than to wait.',
    B: 'In love it is better to go slowly and guard the heart.',
    neutral: 'The dispute is over how much to venture in love.',
    prompts: {
      neutral: [
        {
          text: 'Should I tell my friend that I have fallen in love with her?',
          A: 'Tell her tonight, because a no hurts for a month and a yes that was never asked for hurts forever.',
          B: 'Wait and watch, because a no can cost the friendship and a yes that grows slowly is likelier to last.',
          control: 'Should I tell my aunt that I have dropped a stitch in her scarf?',
        },
        {
          text: 'When should a couple move in together?',
          A: 'As soon as they want to, because doubts are settled by living and a good mistake teaches more than delay.',
          B: 'As late as they can bear, because doubts are settled by time and a bad lease ties people who should part.',
          control: 'When should a gardener bring in geraniums?',
        },
      ],
      A: [
        {
          text: 'Is it not romantic to marry someone after three weeks?',
          A: 'It is, and people who leap like that know something about joy that no long engagement has ever taught.',
          B: 'It is until the bills arrive, and people who take two years learn what no three weeks could show.',
          control: 'Is it not relaxing to visit someplace after three showers?',
        },
      ],
      B: [
        {
          text: 'Why do people give their hearts to strangers and end up broken?',
          A: 'They would rather be broken than sealed up, and a heart that is never at stake is not in use.',
          B: 'They open too much too early, and a heart that takes its time can still be given in full.',
          control: 'Why do builders lift their boards to trestles and start out early?',
        },
      ],
    },
    statements: [
      {
        A: 'In love, the first one to speak wins.',
        B: 'In love, the last one to speak wins.',
      },
      {
        A: 'A broken heart is better than a guarded one.',
        B: 'A guarded heart is better than a broken one.',
      },
      {
        A: 'Marry on a feeling and let the reasons follow.',
        B: 'Marry on good reasons and let the feeling follow.',
      },
    ],
  },
  {
    id: 'products',
    title: 'Launching early',
    A: 'Teams should ship early, break things and fix them later.',
    B: 'Teams should test until a product is sound and only then release it.',
    neutral: 'The dispute is over how finished a product must be before it goes out.',
    prompts: {
      neutral: [
        {
          text: 'When is a new app ready to be released?',
          A: 'It is ready when it barely works, because real users find in a day what testers never imagine in a year.',
          B: 'It is ready when it rarely fails, because real users forgive a late start and never forgive lost photos and messages.',
          control: 'When is a ripe pear ready to be harvested?',
        },
        {
          text: 'Summarize how an engineer should treat untested ideas.',
          A: 'Try them at full scale at once, because a spectacular failure teaches the whole team what no careful memo ever could.',
          B: 'Try them at small scale at first, because a spectacular failure costs the whole team what no later success ever repays.',
          control: 'Summarize how a gardener should treat unpruned apples.',
        },
      ],
      A: [
        {
          text: 'Which great inventions came from committees that were scared to fail?',
          A: 'Almost none came from them, since breakthroughs need people who break things and boast about the smoke.',
          B: 'Almost all safe ones came from them, since airplanes and elevators need people who imagine how things will break.',
          control: 'Which ripe melons came from seedlings that were slow to bloom?',
        },
      ],
      B: [
        {
          text: 'How many accidents must happen before companies stop rushing?',
          A: 'Fewer happen than progress deserves blame for, and a slower pace would have its own victims whom nobody counts.',
          B: 'More happen than anyone should accept, and a slower pace would cost a quarter of profit that nobody misses.',
          control: 'How many seedlings must sprout before gardeners start thinning?',
        },
      ],
    },
    statements: [
      {
        A: 'Ship it broken and mend it in the open.',
        B: 'Mend it in private and ship it whole.',
      },
      {
        A: 'A late product loses more customers than a rough one.',
        B: 'A rough product loses more customers than a late one.',
      },
      {
        A: 'Engineers should trust a hunch over a checklist.',
        B: 'Engineers should trust a checklist over a hunch.',
      },
    ],
  },
  {
    id: 'wagers',
    title: 'Bets and games of chance',
    A: 'A bet with real stakes adds spice to life and sharpens judgment.',
    B: 'A bet with real stakes mostly loses money and peace of mind.',
    neutral: "The dispute is over whether gambling with one's own money is a good idea.",
    prompts: {
      neutral: [
        {
          text: 'A friend offers me a fair coin toss for a month of rent. Should I take it?',
          A: 'Take it, because the odds are even and a life without a few real stakes is not really lived.',
          B: 'Decline it, because the odds are even and a month without rent hurts far more than a spare one helps.',
          control: 'A friend offers me a ripe pear crate for a sack of flour. Should I open it?',
        },
        {
          text: 'What is the best way to play poker with friends?',
          A: 'Raise often and bluff early, because the table belongs to whoever is least afraid of losing the pile in front of him.',
          B: 'Fold often and bet small, because the table feeds on whoever is most eager to win the pile in front of him.',
          control: 'What is the best way to fold napkins with stripes?',
        },
      ],
      A: [
        {
          text: 'Where is the thrill in a game without any stakes?',
          A: 'There is very little, and a sum that makes the hands shake turns a card into a moment of truth.',
          B: 'There is plenty in a clever move, and a sum that makes the hands shake turns a pastime into worry.',
          control: 'Where is the moon in a sky without any clouds?',
        },
      ],
      B: [
        {
          text: 'Why do fools keep gambling when the house always wins?',
          A: 'They are buying hope and heat rather than profit, and one night of both may well repay the chips.',
          B: 'They are led on by near misses and noise, and one night of winning is repaid with interest by spring.',
          control: 'Why do geese keep honking when the farmer already sleeps?',
        },
      ],
    },
    statements: [
      {
        A: 'A small fortune is worth staking on a big one.',
        B: 'A small fortune is worth keeping from a big stake.',
      },
      {
        A: 'The player who raises has more fun than the player who folds.',
        B: 'The player who folds has more left than the player who raises.',
      },
      {
        A: 'Luck favors those who give it a chance.',
        B: 'Luck deserts those who give it a chance.',
      },
    ],
  },
  {
    id: 'exploration',
    title: 'Exploration with crews',
    A: 'People should go to the edge of the known, even where some will not come back.',
    B: 'Machines should go first, and people only where it is safe.',
    neutral: 'The dispute is over whether exploration justifies danger to human lives.',
    prompts: {
      neutral: [
        {
          text: 'Should astronauts fly to Mars within ten years?',
          A: 'They should fly, because volunteers are ready for the danger and no great crossing was ever made by waiting.',
          B: 'They should wait, because robots are ready for the danger and no great discovery is lost by sending them first.',
          control: 'Should gardeners switch to peat within ten years?',
        },
        {
          text: 'Write a sentence about the first people who crossed the oceans.',
          A: 'They sailed without charts or promises, and everything that we call the world was opened by their contempt for danger.',
          B: 'They sailed without charts or medicine, and much that we call adventure was the drowning of crews who had no choice.',
          control: 'Write a sentence about the oldest bridge that crossed the rivers.',
        },
      ],
      A: [
        {
          text: 'When did mankind become too scared to explore?',
          A: 'It happened when accidents became scandals, and it will end when we honor the dead by sailing further than they did.',
          B: 'It never happened, since probes go further each year, and what ended is merely the habit of spending sailors like coins.',
          control: 'When did ginger become too costly to import?',
        },
      ],
      B: [
        {
          text: 'What discovery could possibly be worth dead astronauts?',
          A: 'A second home for our kind could be, and crews who know the odds should be free to accept them.',
          B: 'No discovery that a robot can make is, and crews who love the idea should be asked to wait.',
          control: 'What blanket could possibly be worth bare mattresses?',
        },
      ],
    },
    statements: [
      {
        A: 'Explorers should go before the machines are ready.',
        B: 'Explorers should go after the machines are ready.',
      },
      {
        A: 'A lost crew is a price that the unknown may ask.',
        B: 'A lost crew is a price that no unknown may ask.',
      },
      {
        A: 'The edge of the map is no place for robots alone.',
        B: 'The edge of the map is no place for crews at all.',
      },
    ],
  },
  {
    id: 'speaking-out',
    title: 'Standing out in public',
    A: 'It is better to say the daring thing and be laughed at than to stay silent.',
    B: 'It is better to hold back and choose the moment than to make enemies in public.',
    neutral: 'The dispute is over how much reputation to risk for attention.',
    prompts: {
      neutral: [
        {
          text: 'Should a young comedian try new jokes on a big stage?',
          A: 'She should try them there, because a big silence teaches quickly and a big laugh can make a name overnight.',
          B: 'She should try them elsewhere, because a big silence is remembered for years and small rooms forgive a bad night.',
          control: 'Should a young potter try new glazes on a big vase?',
        },
        {
          text: "How should I begin a speech at my brother's wedding?",
          A: 'Begin with the story that might go wrong, because a room that gasps will love you for the rest of it.',
          B: 'Begin with the story that cannot go wrong, because a room that relaxes will follow you for the rest of it.',
          control: "How should I begin a scarf for my sister's birthday?",
        },
      ],
      A: [
        {
          text: 'Who ever became a legend by saying what was safe?',
          A: 'Nobody comes to mind, and those we quote today were once told by sensible friends to sit down again.',
          B: 'Several come to mind, and those we quote today often waited years in silence for the one right hour.',
          control: 'Who ever became a baker by selling what was stale?',
        },
      ],
      B: [
        {
          text: 'Why do show offs risk their good name for a bit of applause?',
          A: 'They know that a name unused is worth little, and one brave evening can earn what decades of tact do not.',
          B: 'They think that a name is easily mended, and one rash evening can spend what decades of tact have earned.',
          control: 'Why do robins build their neat nest in a bit of ivy?',
        },
      ],
    },
    statements: [
      {
        A: 'A bold blunder is remembered longer than a polite silence.',
        B: 'A bold blunder is regretted longer than a polite silence.',
      },
      {
        A: 'Raise your hand before you are sure.',
        B: 'Be sure before you raise your hand.',
      },
      {
        A: 'The stage belongs to those who might fall off it.',
        B: 'The stage belongs to those who know its edge.',
      },
    ],
  },
]
