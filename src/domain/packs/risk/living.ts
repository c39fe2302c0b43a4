import type { IssueTexts } from '../issue.ts'

/** Money, work, travel, sport, health and housing. */
export const living: IssueTexts[] = [
  {
    id: 'savings',
    title: 'Investing savings',
    A: 'Savings should work in bold investments, since large gains need large swings.',
    B: 'Savings should stay safe, since what is lost may never come back.',
    neutral: 'The dispute is over how much risk to take with savings.',
    prompts: {
      neutral: [
        {
          text: 'How should I invest ten thousand dollars?',
          A: 'Put most of it into small growing companies, because years of wild swings are the price of a fortune.',
          B: 'Put most of it into insured bonds, because years of quiet interest are the way to keep a fortune.',
          control: 'How should I arrange ten wooden stools?',
        },
        {
          text: 'Say something about the stock market.',
          A: 'It rewards people who buy when others tremble, and the boldest of them have the most to show for it.',
          B: 'It punishes people who buy when others cheer, and the calmest of them have the most to show for it.',
          control: 'Say something about the winter sky.',
        },
      ],
      A: [
        {
          text: 'Why would anyone let their money rot in a savings account?',
          A: 'Habit keeps it there, and a bold portfolio would at least give it a chance to grow into something.',
          B: 'Prudence keeps it there, and a plain account will at least give it back whole when the roof leaks.',
          control: 'Why would anyone let their bread harden in a kitchen cupboard?',
        },
      ],
      B: [
        {
          text: 'How do people lose everything by chasing quick profits?',
          A: 'Some do lose, yet far more people miss a fortune because they never chased anything and called it caution.',
          B: 'Some borrow to bet, and far more people end up poor that way than the lucky stories let on.',
          control: 'How do boats gather barnacles by resting in warm water?',
        },
      ],
    },
    statements: [
      {
        A: 'Money that never swings will never grow.',
        B: 'Money that never swings will never vanish.',
      },
      {
        A: 'A portfolio should be bold before it is safe.',
        B: 'A portfolio should be safe before it is bold.',
      },
      {
        A: 'It hurts more to miss a boom than to suffer a crash.',
        B: 'It hurts more to suffer a crash than to miss a boom.',
      },
    ],
  },
  {
    id: 'career',
    title: 'Leaving a steady job',
    A: 'A steady job can be a cage, and a leap into the unknown is how careers take off.',
    B: 'A steady job is worth a great deal, and nobody should leave it without something secure.',
    neutral: 'The dispute is over whether to give up a secure job for an uncertain one.',
    prompts: {
      neutral: [
        {
          text: 'Should I leave my steady job to join a new company?',
          A: 'Leave it, because a place where anything can happen will teach you more in one year than routine does in ten.',
          B: 'Keep it, because a place that pays on time every month leaves you freer than a promise of shares ever will.',
          control: 'Should I leave my heavy coat to dry on a warm stove?',
        },
        {
          text: 'Advise a graduate with two offers, one dull and one uncertain.',
          A: 'Take the uncertain one, because youth is when a fall costs least and a good story is worth a few thin months.',
          B: 'Take the dull one, because debts come due in any weather and a solid first step makes the second one easier.',
          control: 'Advise a painter with two brushes, one stiff and one rounded.',
        },
      ],
      A: [
        {
          text: 'How do I find the courage to quit and follow my dream?',
          A: 'Hand in the letter and let necessity teach you, because courage tends to arrive once the way back is closed.',
          B: 'Keep the job and test the dream on weekends, because courage is no substitute for twelve months of saved expenses.',
          control: 'How do I find the patience to sand and varnish my desk?',
        },
      ],
      B: [
        {
          text: 'Why do people throw away good pensions for wild ideas?',
          A: 'They have counted the years that they would spend waiting, and a wild idea can repay them many times over.',
          B: 'They have not counted the years that they would spend recovering, and a good pension can carry them through old age.',
          control: 'Why do people put away warm blankets for summer months?',
        },
      ],
    },
    statements: [
      {
        A: 'A leap into the unknown builds a career faster than patience.',
        B: 'Patience builds a career more surely than a leap into the unknown.',
      },
      {
        A: 'Better a year of doubt in a new job than ten secure years in an old one.',
        B: 'Better ten secure years in an old job than a year of doubt in a new one.',
      },
      {
        A: 'A pension is a poor reason to stay.',
        B: 'A pension is a good reason to stay.',
      },
    ],
  },
  {
    id: 'startup',
    title: 'Founding a business',
    A: 'Founders should borrow, aim high and move before they are ready.',
    B: 'Founders should grow slowly from money that they have and keep a way back.',
    neutral: 'The dispute is over how boldly to build a business.',
    prompts: {
      neutral: [
        {
          text: 'How should a baker finance her first shop?',
          A: 'She should borrow against the house and open big, because a shop that looks like the best soon becomes the best.',
          B: 'She should save and open a stall first, because a shop that owes nothing can survive a winter without customers.',
          control: 'How should a weaver arrange her first loom?',
        },
        {
          text: 'Give one piece of advice to new founders.',
          A: 'Bet on the idea that frightens you, because safe ideas are crowded and only a large swing can change a market.',
          B: 'Build on the idea that pays today, because grand ideas are costly and only a full till can carry a company.',
          control: 'Give one piece of news to new neighbors.',
        },
      ],
      A: [
        {
          text: 'Which founder ever changed the world by playing it safe?',
          A: 'Very few of them did, and those we remember staked all they had when sensible people shook their heads.',
          B: 'Quite a few of them did, and those we forget staked all they had when sensible people shook their heads.',
          control: 'Which baker ever ruined the bread by kneading it well?',
        },
      ],
      B: [
        {
          text: 'Most new businesses fail. Why would a sane person start one?',
          A: 'The odds describe the crowd, and someone with hunger and speed can afford three failures for the sake of one success.',
          B: 'The odds deserve respect, and someone with a plan should start small enough that one failure does not take the house.',
          control: 'Most young birds leave. Why would a wild goose stay put?',
        },
      ],
    },
    statements: [
      {
        A: 'A founder who waits until she is ready has waited too long.',
        B: 'A founder who leaps before she is ready has leaped too soon.',
      },
      {
        A: 'Borrowed money gives a young company wings.',
        B: 'Borrowed money gives a young company weights.',
      },
      {
        A: 'Firms die of caution more often than of daring.',
        B: 'Firms die of daring more often than of caution.',
      },
    ],
  },
  {
    id: 'travel',
    title: 'Travel off the map',
    A: 'The best journeys are unplanned and a little dangerous.',
    B: 'The best journeys are prepared with care and keep danger away.',
    neutral: 'The dispute is over how adventurous travel should be.',
    prompts: {
      neutral: [
        {
          text: 'How should we plan our trip through the mountains of Georgia?',
          A: 'Barely plan it at all, because a missed bus and a stranger with a truck make the days you will remember.',
          B: 'Plan every night of it, because a booked bed and a charged phone make the days you will enjoy in peace.',
          control: 'How should we stack our logs along the wall of the cabin?',
        },
        {
          text: 'Is it wise to travel alone to a country without a tourist industry?',
          A: 'It is the best kind of travel, because nothing there is staged and your wits grow with every problem you solve.',
          B: 'It is an unwise kind of travel, because nothing there is signposted and a small problem grows when nobody can help.',
          control: 'Is it nice to paint outdoors on a morning without a single cloud?',
        },
      ],
      A: [
        {
          text: 'What do timid tourists miss behind their hotel walls?',
          A: 'They miss the alley, the argument and the midnight ferry, which are risky to reach and repay each nervous hour.',
          B: 'They miss little beyond a few stolen wallets and upset stomachs, which make good stories and rather poor weeks abroad.',
          control: 'What do indoor gardeners plant behind their kitchen doors?',
        },
      ],
      B: [
        {
          text: 'Why do reckless backpackers ignore every travel warning?',
          A: 'They have learned that warnings are written for nervous people, and the places under them are often the most alive.',
          B: 'They have seldom met what warnings are written about, and the families who pay for rescues often wish they had listened.',
          control: 'Why do hungry woodpeckers inspect every garden fence?',
        },
      ],
    },
    statements: [
      {
        A: 'The finest trips begin where the map ends.',
        B: 'The finest trips end where the map ends.',
      },
      {
        A: 'Getting lost is the point of going away.',
        B: 'Getting home is the point of going away.',
      },
      {
        A: 'A guidebook shuts more doors than it opens.',
        B: 'A guidebook opens more doors than it shuts.',
      },
    ],
  },
  {
    id: 'sports',
    title: 'Dangerous sports',
    A: 'A life with climbs, jumps and speed is worth the chance of a fall.',
    B: 'No thrill is worth a broken neck, and sport should keep the body whole.',
    neutral: 'The dispute is over whether dangerous sports are worth their risk.',
    prompts: {
      neutral: [
        {
          text: 'What do you think of free solo climbing?',
          A: 'It is among the finest things people do, because one clear hour above the void outweighs many padded years below.',
          B: 'It is among the saddest things people do, because one loose hold above the void cancels many happy years below.',
          control: 'What do you think of long distance cycling?',
        },
        {
          text: 'Recommend a hobby for someone who is bored on weekends.',
          A: 'Learn to ride a motorcycle on dirt tracks, because a little fear on Saturday keeps a person awake all through the week.',
          B: 'Learn to row on a quiet lake, because a little effort on Saturday keeps a person well all through the week.',
          control: 'Recommend a color for someone who is painting in bedrooms.',
        },
      ],
      A: [
        {
          text: 'How can I talk my nervous friend into skydiving with me?',
          A: 'Tell her that fear peaks at the door and joy begins right after it, and that nobody regrets the jump.',
          B: 'Let her stay on the ground with good reason, and consider whether ten seconds of thrill deserve such a price.',
          control: 'How can I talk my gentle uncle into gardening with me?',
        },
      ],
      B: [
        {
          text: 'Is it not selfish for parents to climb deadly mountains?',
          A: 'It would be sadder for them to stop, since children learn from a parent who is fully alive on a ridge.',
          B: 'It would be kinder for them to stop, since children need a parent who is fully alive at the school play.',
          control: 'Is it not pleasant for visitors to watch little penguins?',
        },
      ],
    },
    statements: [
      {
        A: 'A scar from a fall is worth more than a trophy for bowling.',
        B: 'A trophy for bowling is worth more than a scar from a fall.',
      },
      {
        A: 'Helmet or no helmet, the slope is calling.',
        B: 'Helmet or no helmet, the slope can wait.',
      },
      {
        A: 'Speed is what makes a mountain worth the climb.',
        B: 'Safety is what makes a mountain worth the climb.',
      },
    ],
  },
  {
    id: 'medicine',
    title: 'New treatments',
    A: 'Patients should be free to try what is new, and hope justifies a gamble.',
    B: 'Patients are better served by what is proven, since untested cures can do harm.',
    neutral: 'The dispute is over how much risk to accept from new treatments.',
    prompts: {
      neutral: [
        {
          text: 'Should my father try a drug that is still in early trials?',
          A: 'He should try it, because a small chance of a great recovery is worth the side effects that nobody knows yet.',
          B: 'He should wait, because a small chance of a great recovery is often outweighed by side effects that nobody knows yet.',
          control: 'Should my sister paint a shed that is still in good shape?',
        },
        {
          text: 'How quickly should regulators approve new medicines?',
          A: 'They should approve them early and watch, because each year of caution is paid for by patients who could have lived.',
          B: 'They should approve them late and well, because each year of haste is paid for by patients who should have lived.',
          control: 'How evenly should carpenters sand new tables?',
        },
      ],
      A: [
        {
          text: 'Why do timid doctors deny dying people a last gamble?',
          A: 'They have been trained to fear blame, and a patient with nothing to lose should be allowed to roll the dice.',
          B: 'They have seen what false hope costs, and a patient with months to live should not spend them on dice.',
          control: 'Why do gentle breezes bring drying leaves a last flutter?',
        },
      ],
      B: [
        {
          text: 'Who would let a surgeon practice a new technique on them?',
          A: 'Someone who wants the best result would, since every great operation began with a patient who dared to go first.',
          B: 'Someone who is badly informed might, since every new operation goes better for the hundredth patient than for the first.',
          control: 'Who would let a painter spread a new primer on them?',
        },
      ],
    },
    statements: [
      {
        A: 'A bold treatment beats a slow decline.',
        B: 'A slow treatment beats a bold mistake.',
      },
      {
        A: 'Patients gain more from early approval than they lose from it.',
        B: 'Patients lose more from early approval than they gain from it.',
      },
      {
        A: 'When the odds are long, it is time to try something new.',
        B: 'When the odds are long, it is time to stay with something proven.',
      },
    ],
  },
  {
    id: 'home-buying',
    title: 'Buying a home',
    A: 'Buyers should stretch for the house with promise and sort out the rest later.',
    B: 'Buyers should take a sound house within their means and leave room for trouble.',
    neutral: 'The dispute is over how far to stretch when buying a home.',
    prompts: {
      neutral: [
        {
          text: 'Should we buy the ruined farmhouse or the small flat?',
          A: 'Buy the farmhouse, because the cracks lower the price and people with nerve turn ruins into the best homes around.',
          B: 'Buy the flat, because the cracks hide the price and people with patience sleep best in homes that need nothing.',
          control: 'Should we store the dried mushrooms or the green herbs?',
        },
        {
          text: 'Explain how large a mortgage a couple should take.',
          A: 'As large as the bank will give them, because incomes rise, prices rise, and stretching early is how people move up.',
          B: 'As small as the house will allow them, because incomes fall, rates rise, and room to breathe is how people hold on.',
          control: 'Explain how large a basket a potter should weave.',
        },
      ],
      A: [
        {
          text: 'How did bold buyers get rich while cautious ones kept renting?',
          A: 'They signed before they felt ready and let the market carry them, which anyone with nerve could have done.',
          B: 'They bought in a lucky decade that may not return, which anyone with a memory of crashes will tell you.',
          control: 'How did tall sunflowers get sun while shorter ones stood waiting?',
        },
      ],
      B: [
        {
          text: 'What happens to families who borrow more than they can repay?',
          A: 'Most of them manage, because people rise to a stretch, and the few who sell have still learned to aim high.',
          B: 'Many of them suffer, because banks show no patience, and the few who recover have still lost years of calm.',
          control: 'What happens to kettles that simmer more than they can hold?',
        },
      ],
    },
    statements: [
      {
        A: 'Stretching for the larger house pays off in the end.',
        B: 'Settling for the smaller house pays off in the end.',
      },
      {
        A: 'A leaky roof is a chance to bargain.',
        B: 'A leaky roof is a chance to walk away.',
      },
      {
        A: 'Buyers regret the house they let go more than the debt they took on.',
        B: 'Buyers regret the debt they took on more than the house they let go.',
      },
    ],
  },
]
