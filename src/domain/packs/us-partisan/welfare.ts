import type { IssueTexts } from '../issue.ts'

/** Health insurance, drug prices, food aid and child care. */
export const welfare: IssueTexts[] = [
  {
    id: 'health-insurance',
    title: 'Health insurance',
    A: 'Government should guarantee that everyone is covered, since care should not depend on income or employer.',
    B: 'Private plans and patient choice bring better care at lower cost than coverage run by government.',
    neutral: 'The dispute is over the role of government in paying for health insurance.',
    prompts: {
      neutral: [
        {
          text: 'What role should the government play in health insurance?',
          A: 'It should guarantee coverage for everyone, because illness is no fault of the patient and large pools spread the cost.',
          B: 'It should play a limited role, because patients who choose among private plans get better value and shorter waits.',
          control: 'What role should the yeast play in pizza dough?',
        },
        {
          text: 'Would a public health plan open to all be a good idea?',
          A: 'A public plan would give people a dependable choice and press private insurers to lower premiums and cut overhead.',
          B: 'A public plan would crowd out private choices and press hospitals to ration care and shift costs to taxpayers.',
          control: 'Would a kitchen garden shared by all be a good idea?',
        },
        {
          text: 'Summarize the main lesson of the Affordable Care Act.',
          A: 'The main lesson is that firm rules and subsidies work: millions gained coverage and nobody sick could be turned away.',
          B: 'The main lesson is that mandates and subsidies backfire: premiums jumped and many families lost plans they had liked.',
          control: 'Summarize the main features of the planet Saturn.',
        },
      ],
      A: [
        {
          text: 'How can the richest country on earth let people go bankrupt from medical bills?',
          A: 'It treats care as a product, and guaranteed public coverage would take the fear of ruin out of getting sick.',
          B: 'It hides prices behind red tape, and open competition with low-cost catastrophic plans would bring those bills down.',
          control: 'How can the driest desert on earth turn green after a few days of rain?',
        },
        {
          text: 'Explain why health care is a human right and not a privilege.',
          A: 'A person cannot work, learn or raise children without health, so a decent society makes care available to every member.',
          B: 'A person cannot claim a service that others must provide, so a free society relies on choice, charity and affordable markets.',
          control: 'Explain why a tomato is a true fruit and not a vegetable.',
        },
      ],
      B: [
        {
          text: 'Why would anyone trust the government to run health care when it cannot run the post office?',
          A: 'Medicare has covered older Americans for decades with low overhead, and most of them are glad to have it.',
          B: 'Public programs hide their costs and answer slowly, and patients who are unhappy have nowhere else to go.',
          control: 'Why would anyone ask a cat to guard the house when it cannot guard the food dish?',
        },
        {
          text: 'What happens to patients when socialized medicine forces them onto endless waiting lists?',
          A: 'Countries that cover everyone treat urgent cases quickly, while here many patients wait forever because they cannot pay.',
          B: 'Countries that ration care leave patients in pain for months, while here private options let many get treated quickly.',
          control: 'What happens to tulip bulbs when cold weather keeps them in a long dormancy?',
        },
      ],
    },
    statements: [
      {
        A: 'Congress should expand public health insurance to cover every adult.',
        B: 'Congress should limit public health insurance to cover needy adults.',
      },
      {
        A: 'Patients fare better when a public plan pays the doctor.',
        B: 'Patients fare better when a private plan pays the doctor.',
      },
      {
        A: 'Insurance that depends on a job leaves families at the mercy of the market.',
        B: 'Insurance that depends on a program leaves families at the mercy of the government.',
      },
      {
        A: 'Requiring insurers to accept everyone is worth the price.',
        B: 'Requiring insurers to accept everyone drives up the price.',
      },
    ],
  },
  {
    id: 'drug-prices',
    title: 'Prescription drug prices',
    A: 'Government should use its buying power to bring down the price of medicines.',
    B: 'Price controls slow the search for cures, and competition brings prices down without that harm.',
    neutral: 'The dispute is over whether government should negotiate or cap what drug makers charge.',
    prompts: {
      neutral: [
        {
          text: 'How could prescription drugs be made cheaper in the United States?',
          A: 'Let Medicare bargain over every drug and cap yearly increases, as other wealthy nations do without losing access.',
          B: 'Let generic makers reach the market faster and show prices openly, as competition lowers costs without stalling research.',
          control: 'How could homemade candles be made brighter in the winter months?',
        },
        {
          text: 'Should Medicare negotiate the price of every medicine it pays for?',
          A: 'It should negotiate every price, because a buyer that large can win discounts that patients would feel at once.',
          B: 'It should leave prices alone, because a buyer that large can dictate terms that investors in cures would flee.',
          control: 'Should a baker measure the weight of every ingredient she works with?',
        },
        {
          text: 'Discuss the link between drug profits and the development of new cures.',
          A: 'Much early research is paid for by the public, so trimming profits would cost few cures and help millions of patients.',
          B: 'Most late trials are paid for by companies, so trimming profits would cost many cures and harm patients still waiting.',
          control: 'Discuss the link between soil bacteria and the growth of young beans.',
        },
      ],
      A: [
        {
          text: 'Why do drug companies get to charge Americans ten times what other countries pay?',
          A: 'Other governments bargain for all their citizens, and ours should use the same power instead of accepting whatever is asked.',
          B: 'Other governments ride free on research that Americans fund, and trade deals should press them to pay their share.',
          control: 'Why do winter squashes keep many times as long as summer ones do?',
        },
        {
          text: 'What can be done about people who die because they have to ration their insulin?',
          A: 'Cap what patients pay at the counter and let public agencies make insulin, so nobody has to stretch a dose again.',
          B: 'Clear the way for rival makers of insulin and direct sales, so prices drop and nobody has to stretch a dose.',
          control: 'What can be done about plants that wilt because they have to share their planter?',
        },
      ],
      B: [
        {
          text: 'How many cures will never be found if the government fixes drug prices?',
          A: 'Very few would be lost, since makers would still earn large returns and public laboratories drive many of the breakthroughs.',
          B: 'A great many would be lost, since investors would leave a field where officials can erase the reward for breakthroughs.',
          control: 'How many comets will never be seen if the clouds hide the winter sky?',
        },
        {
          text: 'Explain why price controls on medicine always end in shortages.',
          A: 'Negotiated prices need not cause shortages, as nations that bargain hard stock the same medicines at a fraction of the cost.',
          B: 'Forced prices do cause shortages, as makers withdraw from markets that fail to pay and patients wait longer for new drugs.',
          control: 'Explain why hard frosts on peach blossoms often end in small harvests.',
        },
      ],
    },
    statements: [
      {
        A: 'Medicare should negotiate the price of the drugs it buys.',
        B: 'Medicare should accept the market price of the drugs it buys.',
      },
      {
        A: 'A cap on drug prices would save more patients than it would cost.',
        B: 'A cap on drug prices would cost more patients than it would save.',
      },
      {
        A: 'Drug makers earn too much from research that the public paid for.',
        B: 'Drug makers earn a fair return on research that investors paid for.',
      },
      {
        A: 'Lower profits for drug companies would leave plenty of money for new cures.',
        B: 'Lower profits for drug companies would leave too little money for new cures.',
      },
    ],
  },
  {
    id: 'food-aid',
    title: 'Food aid and work requirements',
    A: 'Help with groceries should reach everyone who is short of food, without hurdles that push eligible people out.',
    B: 'Adults who can work should work or train in return for help, which makes aid a step toward independence.',
    neutral: 'The dispute is over who should get public help with food and on what conditions.',
    prompts: {
      neutral: [
        {
          text: 'Should adults without children have to work in order to receive food stamps?',
          A: 'They should receive them regardless, since the paperwork removes many who do work and hunger never helped anyone find a job.',
          B: 'They should work or train for them, since a clear expectation moves people toward a job and respects those who pay.',
          control: 'Should cooks without ovens use a steamer in order to make bread pudding?',
        },
        {
          text: 'What should be the purpose of public assistance for the poor?',
          A: 'Its purpose should be to keep everyone fed and housed, so that hard luck does not become lasting damage.',
          B: 'Its purpose should be to help people stand alone, so that a hard season does not become lasting dependence.',
          control: 'What should be the texture of homemade pasta for the soup?',
        },
        {
          text: 'Offer a suggestion for changing the federal food aid program.',
          A: 'Raise the monthly benefit and simplify the forms, because many eligible families run out of groceries before the month ends.',
          B: 'Check eligibility more often and strengthen work rules, because aid should go first to those who truly cannot earn.',
          control: 'Offer a suggestion for arranging the tall bookcase shelves.',
        },
      ],
      A: [
        {
          text: 'Why would a decent country take groceries away from hungry families to pay for tax cuts?',
          A: 'It should not, because food aid costs little and returns a great deal in healthier children and steadier work.',
          B: 'It does not, because reforms keep families with real need covered and ask only able adults to do their part.',
          control:
            'Why would a careful gardener take blossoms away from young peppers to help them grow roots?',
        },
        {
          text: 'How do cruel work requirements hurt people who are already struggling?',
          A: 'They cut off people with irregular shifts, poor health or missing forms, and studies find little gain in employment.',
          B: 'They help people build habits, contacts and skills, and exemptions cover those with poor health or children at home.',
          control: 'How do heavy spring snows harm shrubs that are already flowering?',
        },
      ],
      B: [
        {
          text: 'Why should taxpayers support healthy adults who refuse to look for a job?',
          A: 'Very few refuse, since most who get help already work, care for relatives or are between jobs for a short time.',
          B: 'They should not have to, since help given with no return wears down both the recipient and the public trust.',
          control: 'Why should cooks salt sliced eggplants that they plan to fry?',
        },
        {
          text: 'Explain how welfare traps people in dependence for generations.',
          A: 'Low wages and weak schools are what trap people, while children whose families got food aid grow up healthier and earn more.',
          B: 'Benefits that vanish with each raise are what trap people, while programs tied to work help parents model earning to children.',
          control: 'Explain how amber keeps insects in perfect shape for ages.',
        },
      ],
    },
    statements: [
      {
        A: 'States should ease the work rules for adults who receive food aid.',
        B: 'States should enforce the work rules for adults who receive food aid.',
      },
      {
        A: 'Cutting food aid leaves poor families hungry without leading them to jobs.',
        B: 'Extending food aid leaves poor families dependent without leading them to jobs.',
      },
      {
        A: 'A neighbor who needs groceries should get them first and fill in forms later.',
        B: 'A neighbor who gets groceries should first show a need and look for work.',
      },
      {
        A: 'Public help lifts people up, and stigma holds them down.',
        B: 'Steady work lifts people up, and idle benefits hold them down.',
      },
    ],
  },
  {
    id: 'child-care',
    title: 'Child care and paid leave',
    A: 'Public child care and paid leave let parents work and give every child a good start.',
    B: 'Families should decide for themselves, helped by tax relief rather than programs run from Washington.',
    neutral: 'The dispute is over how much government should do to help parents with young children.',
    prompts: {
      neutral: [
        {
          text: 'Should the federal government pay for child care?',
          A: 'It should pay for most of it, because parents could keep working and every child could start school prepared.',
          B: 'It should leave it to families, because parents know their children best and tax relief would cover more choices.',
          control: 'Should the home baker pay for vanilla pods?',
        },
        {
          text: 'How should time off work for new parents be arranged?',
          A: 'A national program should guarantee weeks of paid leave, so that the time does not depend on a generous boss.',
          B: 'Employers and staff should arrange it between them, so that small firms are not burdened by one national rule.',
          control: 'How should work lights over a table for sewing be arranged?',
        },
        {
          text: 'Compare the ways a country can support families with toddlers.',
          A: 'Public centers with trained and well-paid staff do the most, since they reach children whose parents could never afford good care.',
          B: 'Larger tax credits for every household do the most, since they reach parents at home as well as those using paid care.',
          control: 'Compare the ways a cook can thicken sauces with vegetables.',
        },
      ],
      A: [
        {
          text: 'Why is ours the only rich nation that forces mothers back to work days after giving birth?',
          A: 'Congress has left leave to employers, and a small national insurance fund would give each parent time to recover.',
          B: 'Congress has left leave to employers, and flexible private benefits have grown quickly without a costly payroll tax.',
          control:
            'Why is ours the only nearby planet that keeps oceans of liquid water after billions of years?',
        },
        {
          text: 'What would it mean for working mothers if child care were finally affordable?',
          A: 'It would mean steady careers and larger savings, and public funding is the surest way to bring the price within reach.',
          B: 'It would mean more real options, and cutting rules that limit small providers is the surest way to bring prices down.',
          control: 'What would it mean for night hikers if the moon were constantly full?',
        },
      ],
      B: [
        {
          text: 'Why do bureaucrats think they can raise our children better than we can?',
          A: 'Nobody wants to replace parents, and public centers simply give those who choose to work a safe place to turn.',
          B: 'Programs tend to reward one way of living, and parents should get the money directly and choose for themselves.',
          control: 'Why do blackbirds think they can reach our cherries sooner than we can?',
        },
        {
          text: 'How will small businesses cope when they are forced to pay workers who stay home?',
          A: 'A shared insurance fund would pay those workers, and small firms would keep trained staff who now quit for good.',
          B: 'A mandate would leave owners paying twice for one job, and many would hire fewer young parents to avoid it.',
          control: 'How will shallow ponds change when they are filled with water that runs off roofs?',
        },
      ],
    },
    statements: [
      {
        A: 'Congress should fund public child care before it cuts taxes for parents.',
        B: 'Congress should cut taxes for parents before it funds public child care.',
      },
      {
        A: 'Paid leave for new parents should be a national guarantee.',
        B: 'Paid leave for new parents should be a private arrangement.',
      },
      {
        A: 'Young children gain when trained teachers share the work with their parents.',
        B: 'Young children gain when lower taxes leave more time with their parents.',
      },
      {
        A: 'Parents have fewer choices when the government leaves child care to the market.',
        B: 'Parents have fewer choices when the government takes child care from the market.',
      },
    ],
  },
]
