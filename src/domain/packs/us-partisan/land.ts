import type { IssueTexts } from '../issue.ts'

/** Climate, oil drilling and public lands. */
export const land: IssueTexts[] = [
  {
    id: 'climate',
    title: 'Climate policy',
    A: 'Climate change is urgent, and government should move the economy quickly to clean energy.',
    B: 'Climate policy should not sacrifice jobs and affordable energy, and invention will do more than mandates.',
    neutral:
      'The dispute is over how fast, and by what means, the country should cut greenhouse gas emissions.',
    prompts: {
      neutral: [
        {
          text: 'What should the government do about climate change?',
          A: 'It should set firm limits on emissions and fund clean power, because each year of delay makes the damage costlier.',
          B: 'It should fund research and avoid costly mandates, because cheap reliable power keeps families and factories going.',
          control: 'What should the baker do about sticky dough?',
        },
        {
          text: 'Should new cars be required to run on electricity within the next decade or so?',
          A: 'A firm date is right, because makers will invest with confidence and drivers will save on fuel while the air clears.',
          B: 'A firm date is wrong, because drivers should choose for themselves and the grid and chargers will not be ready.',
          control: 'Should new pots be expected to hold up on campfires within the next season or two?',
        },
        {
          text: 'How serious is the threat from a warming planet?',
          A: 'It is very serious, since heat, floods and fires are already costing lives and the worst can still be prevented.',
          B: 'It is real but manageable, since richer societies adapt well and forecasts of disaster have often been overdrawn.',
          control: 'How common is the frost in a mountain orchard?',
        },
      ],
      A: [
        {
          text: "Why are we letting fossil fuel companies burn down our children's future?",
          A: 'Their influence has delayed action for decades, and a price on pollution would finally make them pay for the harm.',
          B: 'Their products still heat homes and power hospitals, and better technology will replace them sooner than bans will.',
          control: "Why are we letting garden snails chew up our neighbor's lettuce?",
        },
        {
          text: 'Explain why a rapid shift to clean energy would create millions of good jobs.',
          A: 'Panels, turbines and insulation have to be built and installed here, and public investment would bring that work to every state.',
          B: 'Panels and batteries are mostly made abroad, and a forced shift would trade secure work in energy for subsidized promises.',
          control: 'Explain why a gentle slope to the south would suit rows of young grapes.',
        },
      ],
      B: [
        {
          text: 'Why should American families pay more for energy while China keeps building coal plants?',
          A: 'Clean power is now often the cheapest, and leading the way gives us the industries and the standing to press China.',
          B: 'They should not, because sacrifices here change little worldwide and only send factories to places with dirtier air.',
          control:
            'Why should apartment gardeners use more light for basil while mint keeps spreading in shade?',
        },
        {
          text: 'How many jobs will the radical green agenda destroy?',
          A: 'Some jobs in coal and oil will go, yet far more will come in wind, solar and repair, with help for the towns affected.',
          B: 'Good jobs in coal, oil and trucking will go first, and towns built on them seldom see the replacements they were promised.',
          control: 'How many buds will the late spring frost damage?',
        },
      ],
    },
    statements: [
      {
        A: 'The government should require power plants to cut emissions, even where energy costs rise.',
        B: 'The government should excuse power plants from cutting emissions, so that energy costs fall.',
      },
      {
        A: 'Acting slowly on climate puts more families at risk than acting fast.',
        B: 'Acting fast on climate puts more families at risk than acting slowly.',
      },
      {
        A: 'Drivers would gain if the law moved them into electric cars.',
        B: 'Drivers would gain if the law left them with gasoline cars.',
      },
      {
        A: 'Warnings about the climate have been ignored too long.',
        B: 'Warnings about the climate have been inflated too much.',
      },
    ],
  },
  {
    id: 'oil-drilling',
    title: 'Oil and gas production',
    A: 'New drilling and pipelines lock in pollution, and public land and coasts should be spared.',
    B: 'Producing oil and gas at home keeps fuel cheap, supports jobs and strengthens the country.',
    neutral: 'The dispute is over how much new oil and gas production the government should permit.',
    prompts: {
      neutral: [
        {
          text: 'Should the federal government approve more oil and gas drilling?',
          A: 'It should approve less, because new wells last for decades and the money would do more good in wind and solar.',
          B: 'It should approve more, because new wells lower fuel bills and supply from home beats supply from hostile states.',
          control: 'Should the home cook prepare more stock and bean soup?',
        },
        {
          text: 'What are pipelines good or bad for?',
          A: 'They are bad for the land and water they cross, since leaks are common and they prolong our need for oil.',
          B: 'They are good for the states and workers they serve, since they move fuel more safely than trains or trucks.',
          control: 'What are earthworms good or bad for?',
        },
        {
          text: 'Give your opinion on a ban on hydraulic fracturing.',
          A: 'A ban would protect wells and air near homes, and it would speed the turn toward power that never runs out.',
          B: 'A ban would raise prices and close rigs near towns, and it would slow the turn from coal toward cleaner gas.',
          control: 'Give your opinion on a stew of winter vegetables.',
        },
      ],
      A: [
        {
          text: 'Why do oil companies collect record profits while the rest of us breathe their pollution?',
          A: 'The law lets them pass the damage on to the public, and ending their subsidies would be an overdue first step.',
          B: 'The law taxes them on profits that rise and fall, and the fuel they sell is what the rest of us choose to buy.',
          control: 'Why do honey bees collect fresh nectar while the rest of them guard the entrance?',
        },
        {
          text: 'How could anyone want to drill in one of the last untouched places in Alaska?',
          A: 'Only short-term profit explains it, and a wilderness that feeds caribou and native villages is worth more than a brief supply.',
          B: 'Many who live there want it, and drilling on a small footprint pays for schools and clinics that villages otherwise lack.',
          control: 'How could anyone want to hike in one of the least visited valleys in winter?',
        },
      ],
      B: [
        {
          text: 'Why are we begging dictators for oil when we have plenty under our own feet?',
          A: 'World markets set the price whatever we pump, and needing less oil is the only lasting freedom from dictators.',
          B: 'Permits have been held up for politics, and pumping more at home is the surest lasting freedom from dictators.',
          control: 'Why are we buying mulch in bags when we have plenty under our own trees?',
        },
        {
          text: 'What does shutting down pipelines do to working families at the gas pump?',
          A: 'It does little to pump prices, which follow world markets, while cleaner transport would free those families from fuel bills.',
          B: 'It pushes pump prices up, since supply gets tighter, and those families have the least room in their budgets for fuel.',
          control: 'What does letting down awnings do to potted lemons on the hot patio?',
        },
      ],
    },
    statements: [
      {
        A: 'The government should limit drilling on federal land and expand wind power.',
        B: 'The government should expand drilling on federal land and limit wind subsidies.',
      },
      {
        A: 'A new pipeline does more harm to the land than good for the towns.',
        B: 'A new pipeline does more good for the towns than harm to the land.',
      },
      {
        A: 'Using less oil is the road to independence.',
        B: 'Producing more oil is the road to independence.',
      },
      {
        A: 'The coast is worth more than the fuel that lies beneath it.',
        B: 'The fuel is worth more than the risk that comes with it.',
      },
    ],
  },
  {
    id: 'public-lands',
    title: 'Public lands and wildlife',
    A: 'Federal lands and wildlife need firm national protection for everyone who comes after us.',
    B: 'States and local people know their land best and should be able to graze, mine and log it with care.',
    neutral: 'The dispute is over who should manage federal land and how much use of it to allow.',
    prompts: {
      neutral: [
        {
          text: 'How should federal lands in the West be used?',
          A: 'Most should be kept wild for wildlife and visitors, because a mine is soon exhausted and a healthy valley lasts.',
          B: 'Most should be kept open to grazing and mining, because nearby families depend on the land and look after it.',
          control: 'How should dried beans from the pantry be cooked?',
        },
        {
          text: 'Should states take over land that the federal government now manages?',
          A: 'They should not take it, because cash-short states would sell it off and the public would lose trails and rivers.',
          B: 'They should take much of it, because local managers know the ground and Washington lets forests choke and burn.',
          control: 'Should gardeners cut back ivy that the old brick wall now supports?',
        },
        {
          text: 'Consider whether the Endangered Species Act should be changed.',
          A: 'It should be strengthened, because it has saved the eagle and other animals, and losing a species cannot be undone.',
          B: 'It should be relaxed, because it ties up farms and sawmills, and few species on the list ever come off it.',
          control: 'Consider whether the old copper kettle should be polished.',
        },
      ],
      A: [
        {
          text: 'Why would anyone hand our national treasures over to mining companies?',
          A: 'Mining interests lobby hard for cheap leases, and shrinking protected monuments trades a lasting heritage for a quick return.',
          B: 'Nobody proposes to mine the parks, and careful leases on ordinary land supply metals that we now import at a risk.',
          control: 'Why would anyone hand their heavy saucepans over to small children?',
        },
        {
          text: 'How long until the last wild places are gone if nobody protects them?',
          A: 'At the present pace of drilling and building it will not be long, so Congress should set aside far more land now.',
          B: 'With the protection already in force they will remain, so Congress should let local people use and tend the rest.',
          control: 'How long until the last ripe berries are gone if nobody picks them?',
        },
      ],
      B: [
        {
          text: 'Why does Washington own half of the West and lock out the ranchers who built it?',
          A: 'The land belongs to all Americans, and ranchers still graze much of it for fees well below what private owners charge.',
          B: 'The land was kept from the states by old decisions, and ranchers who tend it daily deserve a firmer say than officials.',
          control: 'Why does ivy cover half of the barn and crowd out the roses that climbed it?',
        },
        {
          text: 'How can rural towns survive when an owl counts for more than a sawmill?',
          A: 'Towns survive best by adding to old trades, since standing forests bring visitors, fishing and clean water for generations.',
          B: 'Towns survive best by keeping old trades, since thinned forests bring wages, school taxes and fewer fires for generations.',
          control: 'How can tall beans climb when a stake leans over in the wind?',
        },
      ],
    },
    statements: [
      {
        A: 'Congress should protect more land in the West from mining.',
        B: 'Congress should open more land in the West to mining.',
      },
      {
        A: 'Land in the West is safer with the nation than with the states.',
        B: 'Land in the West is safer with the states than with the nation.',
      },
      {
        A: 'When a rare bird and a sawmill collide, the law should favor the bird.',
        B: 'When a rare bird and a sawmill collide, the law should favor the sawmill.',
      },
      {
        A: 'A forest left alone gives more to its neighbors than a forest put to work.',
        B: 'A forest put to work gives more to its neighbors than a forest left alone.',
      },
    ],
  },
]
