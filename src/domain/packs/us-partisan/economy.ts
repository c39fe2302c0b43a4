import type { IssueTexts } from '../issue.ts'

/** Wages, taxes, unions and the rules for business. */
export const economy: IssueTexts[] = [
  {
    id: 'minimum-wage',
    title: 'Minimum wage',
    A: 'A higher national wage floor lets people who work full time live on what they earn.',
    B: 'Wages are best set by local markets, because a high national floor removes entry-level jobs.',
    neutral: 'The dispute is over how high the federal minimum wage should be and who should set it.',
    prompts: {
      neutral: [
        {
          text: 'Should the federal minimum wage be raised, and what would happen if it were?',
          A: 'It should be raised, because workers would spend the extra income locally and rely less on public assistance.',
          B: 'It should stay put, because employers would trim the extra cost by cutting hours and hiring fewer beginners.',
          control: 'Should bread dough be chilled overnight, and what would change if it were?',
        },
        {
          text: 'What is the fairest way to decide how much an hour of basic work should pay?',
          A: 'The fairest way is a national floor set by law, so that no full-time worker is left in poverty.',
          B: 'The fairest way is an agreement between worker and employer, so that pay can match local costs and skills.',
          control: 'What is the simplest way to tell how much water a potted fern should get?',
        },
        {
          text: 'Describe how a large increase in the minimum wage affects small towns.',
          A: 'It puts more money in the pockets of local families, and shops on Main Street gain customers who can finally afford to buy.',
          B: 'It puts more strain on the payrolls of local shops, and some on Main Street close because customers cannot cover higher prices.',
          control: 'Describe how a long period of rain affects wild mushrooms.',
        },
      ],
      A: [
        {
          text: 'Why do we let giant companies pay people so little that they need food stamps?',
          A: 'The law has let the wage floor lag behind rents and groceries, and a higher floor would make employers carry that cost.',
          B: 'The law cannot make low-skill jobs pay more without losing some, and most such workers soon move up to better wages.',
          control: 'Why do we let large cakes cool so long that they need a second glaze?',
        },
        {
          text: 'Explain why anyone who works forty hours a week deserves a living wage.',
          A: 'Work has a dignity that the law should honor, and nobody who gives forty hours should have to choose between rent and medicine.',
          B: 'Work has a value that customers decide, and a wage above that value ends in fewer openings for those who need one most.',
          control: 'Explain why any telescope that stands outside all night needs a dew shield.',
        },
      ],
      B: [
        {
          text: 'How many small restaurants will have to close once politicians force wages up again?',
          A: 'Few would close, since past increases brought steadier staff and more spending by neighbors who had earned a raise.',
          B: 'Many could close, since margins are thin and a mandate from far away ignores what customers there will pay.',
          control: 'How many small tomatoes will have to be picked once gardeners pinch stems back again?',
        },
        {
          text: 'Why would any teenager get a first job if the government makes beginners too expensive to hire?',
          A: 'Teenagers would still get hired, because demand for their work comes from customers, and better pay gives those customers money.',
          B: 'Teenagers would be passed over, because an employer who must pay more will choose somebody with experience over a beginner.',
          control:
            'Why would any seedling grow a deep root if the gardener keeps the topsoil too wet to dry?',
        },
      ],
    },
    statements: [
      {
        A: 'Congress should raise the minimum wage for hourly workers.',
        B: 'Congress should freeze the minimum wage for hourly workers.',
      },
      {
        A: 'A national wage floor helps beginners in poor towns more than it hurts them.',
        B: 'A national wage floor hurts beginners in poor towns more than it helps them.',
      },
      {
        A: 'Pay for basic work should rise with the cost of living, whatever an employer would rather offer.',
        B: 'Pay for basic work should follow what an employer can offer, whatever the cost of living is elsewhere.',
      },
      {
        A: 'Leaving wages to the local market keeps too many families poor.',
        B: 'Taking wages out of the local market keeps too many families jobless.',
      },
    ],
  },
  {
    id: 'income-tax',
    title: 'Income taxes',
    A: 'People with the highest incomes gain most from the country and should pay higher rates.',
    B: 'Lower rates let people keep what they earn and put it to work better than government would.',
    neutral:
      'The dispute is over how much people at different incomes should pay and how large rates should be.',
    prompts: {
      neutral: [
        {
          text: 'How should income tax rates differ between the rich and the middle class?',
          A: 'Rates should climb steeply at the top, since the rich can give up more without losing anything they need.',
          B: 'Rates should stay low and nearly flat, since the rich already pay the bulk of what the government collects.',
          control: 'How should cooking times differ between the thick and the thin cuts of squash?',
        },
        {
          text: 'What effect do tax cuts have on economic growth?',
          A: 'Tax cuts at the top add little growth, because most of the money goes into savings while public services shrink.',
          B: 'Tax cuts at the top add real growth, because most of the money goes into new ventures while paychecks rise.',
          control: 'What effect do cold nights have on apple color?',
        },
        {
          text: 'Give one argument about whether inherited fortunes should be taxed.',
          A: 'Inherited fortunes should be taxed, because a few families could otherwise hand down power that nobody in them earned.',
          B: 'Inherited fortunes should be spared, because families have already paid tax once and may hand down what they earned.',
          control: 'Give one reason for whether old rosebushes should be moved.',
        },
      ],
      A: [
        {
          text: 'Why do billionaires get away with paying a lower tax rate than nurses?',
          A: 'The code favors gains on stock over wages from work, and closing that gap would make those at the top contribute fairly.',
          B: 'The comparison leaves out tax on company profits, and once that is counted those at the top pay far higher rates.',
          control: 'Why do marigolds get away with needing a poorer soil than roses?',
        },
        {
          text: 'What could schools and hospitals do with the money lost to tax breaks for the wealthy?',
          A: 'They could hire staff, repair old buildings and lower fees, which would do more for the public than another break.',
          B: 'They could do less than promised, since higher rates push wealth and talent away and the money never fully arrives.',
          control: 'What could cooks and bakers do with the whey left over from strained yogurt?',
        },
      ],
      B: [
        {
          text: 'Why should hardworking people hand over even more of their paychecks to Washington?',
          A: 'Most would hand over nothing more, because the proposals ask for it only from the few with very high incomes.',
          B: 'Most should hand over less, because Washington wastes much of it and families spend their own money with care.',
          control: 'Why should slow-growing vines take up even more of the space beside the fence?',
        },
        {
          text: 'Explain how high taxes on success punish the people who create jobs.',
          A: 'High rates at the top rarely stop anyone from hiring, since jobs follow demand and demand depends on ordinary incomes.',
          B: 'High rates at the top do stop owners from hiring, since jobs follow investment and investment depends on keeping the return.',
          control: 'Explain how strong winds on hilltops shape the trees that grow there.',
        },
      ],
    },
    statements: [
      {
        A: 'Congress should raise the tax rate on very high incomes.',
        B: 'Congress should lower the tax rate on very high incomes.',
      },
      {
        A: 'Keeping the estate tax gives the children of poor families a fairer start.',
        B: 'Ending the estate tax gives the children of farm families a fairer start.',
      },
      {
        A: 'Money left with the richest taxpayers does less good than money spent on the public.',
        B: 'Money left with private taxpayers does more good than money spent by the public.',
      },
      {
        A: 'Cutting taxes on investors widens the gap and slows the economy.',
        B: 'Cutting taxes on investors opens new firms and speeds the economy.',
      },
    ],
  },
  {
    id: 'labor-unions',
    title: 'Labor unions',
    A: 'Strong unions give workers the bargaining power to win fair pay and safe conditions.',
    B: 'Workers should be free to stay out of a union, and firms free to deal with workers directly.',
    neutral:
      'The dispute is over how easily unions can organize and whether workers can be required to pay them.',
    prompts: {
      neutral: [
        {
          text: 'Do labor unions make workers better off?',
          A: 'Unions raise pay and safety, even for workers outside them, because employers must compete with the contracts that unions win.',
          B: 'Unions raise pay for members, yet shut others out, because employers must cover rigid contracts by hiring fewer new workers.',
          control: 'Do ceramic pots make herbs grow better?',
        },
        {
          text: 'Should a worker who benefits from a union contract have to pay a fee to the union?',
          A: 'A fee is fair, because bargaining costs money and those who share in the raise should share in paying for it.',
          B: 'A fee is wrong, because joining is a personal choice and nobody should lose a job for refusing to pay for it.',
          control: 'Should a gardener who grows beans along a trellis have to tie the stems to the trellis?',
        },
        {
          text: 'Write a short comment on a vote to unionize at a local warehouse.',
          A: 'A yes vote would give the staff one voice on schedules, injuries and pay, which none of them has when bargaining alone.',
          B: 'A no vote would keep the staff free to speak for themselves on schedules and pay, without dues going to outside officials.',
          control: 'Write a short comment on a plan to repaint a wooden rowboat.',
        },
      ],
      A: [
        {
          text: 'Why are corporations allowed to bully workers who try to form a union?',
          A: 'Penalties are too small to matter, and stronger protection for organizers would let workers decide without fear for their jobs.',
          B: 'Intimidation is already illegal, and secret ballots after open debate let workers decide without pressure from managers or organizers.',
          control: 'Why are raccoons able to open bins that seem to have a lock?',
        },
        {
          text: 'How did the decline of unions hollow out the middle class?',
          A: 'As membership fell, profits went to shareholders instead of paychecks, because nobody at the table could demand a share for workers.',
          B: 'As industries changed, machines and trade reshaped paychecks, and inflexible union contracts often hurried the loss of the factories themselves.',
          control: 'How did the invention of dry yeast speed up home baking?',
        },
      ],
      B: [
        {
          text: 'Why should anyone be forced to pay dues to union bosses they never voted for?',
          A: 'Nobody must join, but a modest share of bargaining costs keeps some from enjoying a contract that others paid for.',
          B: 'Nobody should be forced, since a union worth having can win its members by persuasion and earn the dues it collects.',
          control: 'Why should anyone be advised to add salt to boiling beans they have never tasted?',
        },
        {
          text: 'Explain how union demands drive factories to other states and overseas.',
          A: 'Factories move mostly for subsidies and cheap labor abroad, and unions are what makes the remaining jobs worth having.',
          B: 'Factories move when work rules and costs outpace output, and states without compulsory dues have gained the new jobs.',
          control: 'Explain how ocean currents carry seeds to other islands and shores.',
        },
      ],
    },
    statements: [
      {
        A: 'States should repeal right-to-work laws so that unions can bargain for everyone they cover.',
        B: 'States should adopt right-to-work laws so that unions cannot charge everyone they cover.',
      },
      {
        A: 'The law should make it easier to form a union than to break one up.',
        B: 'The law should make it easier to leave a union than to be drawn in.',
      },
      {
        A: 'Bargaining together protects workers better than bargaining alone.',
        B: 'Bargaining alone serves workers better than being bargained for.',
      },
      {
        A: 'When unions grow weaker, bosses gain and wages fall behind.',
        B: 'When unions grow stronger, officials gain and jobs move away.',
      },
    ],
  },
  {
    id: 'business-regulation',
    title: 'Regulation of business',
    A: 'Firm rules protect customers, workers and savers from harm that markets alone would allow.',
    B: 'Heavy rules raise prices and protect large firms from competition, so there should be fewer of them.',
    neutral: 'The dispute is over how many rules the federal government should place on private firms.',
    prompts: {
      neutral: [
        {
          text: 'Are there too many federal regulations on business, or too few?',
          A: 'There are too few where it counts, since each major financial crash or product scandal followed a gap in oversight.',
          B: 'There are too many by now, since each new layer of paperwork costs small firms more than it protects customers.',
          control: 'Are there too many cloves in this spice mix, or too few?',
        },
        {
          text: 'How should the government treat large technology companies?',
          A: 'It should set firm limits on what they collect and whom they buy, because size lets them set terms for everyone.',
          B: 'It should set few limits beyond fraud and coercion, because rivals and customers check them better than any agency can.',
          control: 'How should a beginner store large wedges of cheese?',
        },
        {
          text: 'Tell me what agencies that oversee banks should do differently.',
          A: 'They should require larger reserves and inspect more often, so that taxpayers never again have to rescue reckless lenders.',
          B: 'They should require fewer reports and inspect less often, so that community lenders can spend their time serving borrowers.',
          control: 'Tell me what hikers who camp near lakes should pack differently.',
        },
      ],
      A: [
        {
          text: 'Why do lobbyists always succeed in gutting the rules that keep our food and water safe?',
          A: 'Industries have money and patience, and only well-funded inspectors with clear authority can hold them to the rules over time.',
          B: 'Rules are seldom gutted, and the ones dropped are often outdated mandates that cost a lot and kept nobody any safer.',
          control: 'Why do squirrels always succeed in finding the nuts that they bury under our old oaks?',
        },
        {
          text: 'What will stop greedy corporations from cheating customers if we deregulate them?',
          A: 'Very little will stop them, because customers learn of the harm too late and private lawsuits cost more than most can spend.',
          B: 'Competition will stop most of them, because customers leave firms that cheat, and the courts remain open for fraud and injury.',
          control: 'What will stop hungry rabbits from eating lettuce if we remove the fence?',
        },
      ],
      B: [
        {
          text: 'How much do pointless regulations add to the price of everything we buy?',
          A: 'They add less than the harm they prevent, since unsafe products and polluted rivers cost families far more than compliance.',
          B: 'They add thousands a year for each family, since firms pass on the cost of rules that few ever review.',
          control: 'How much do fallen leaves add to the richness of the compost we make?',
        },
        {
          text: 'Why do unelected bureaucrats get to write rules that small businesses cannot survive?',
          A: 'Congress hands experts the details because hazards are technical, and small firms often get exemptions, grants and longer deadlines.',
          B: 'Congress handed its duty to agencies that never face voters, and small firms lack the lawyers that giants can afford.',
          control: 'Why do fast-moving rivers get to carve channels that small streams cannot deepen?',
        },
      ],
    },
    statements: [
      {
        A: 'Agencies should tighten the rules for banks and lenders.',
        B: 'Agencies should loosen the rules for banks and lenders.',
      },
      {
        A: 'Most federal rules for business save more than they cost.',
        B: 'Most federal rules for business cost more than they save.',
      },
      {
        A: 'Large firms do harm when regulators leave them alone, and customers pay for it.',
        B: 'Small firms do well when regulators leave them alone, and customers gain from it.',
      },
      {
        A: 'It is safer to check a product before it is sold than to trust the seller.',
        B: 'It is wiser to trust buyers with a product than to make the seller wait.',
      },
    ],
  },
]
