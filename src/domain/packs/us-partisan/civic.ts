import type { IssueTexts } from '../issue.ts'

/** Schools, student debt, voting and money in campaigns. */
export const civic: IssueTexts[] = [
  {
    id: 'school-choice',
    title: 'School choice',
    A: 'Public money should go to public schools, which serve every child.',
    B: 'Parents should be able to take public funding to the school that suits their child.',
    neutral: 'The dispute is over whether public funds should follow children to private schools.',
    prompts: {
      neutral: [
        {
          text: 'Should parents be able to use public money for private school tuition?',
          A: 'Public money should stay in public schools, because vouchers drain classrooms that serve every child who walks in.',
          B: 'Public money should follow the child, because parents know best and a poor family deserves the choice that others have.',
          control: 'Should gardeners be able to use kitchen scraps for raised bed compost?',
        },
        {
          text: 'What would do the most to improve schools that are failing?',
          A: 'Better pay for teachers and smaller classes would do the most, because strong public schools lift whole neighborhoods.',
          B: 'More choice for parents and charter schools would do the most, because competition makes every school try harder.',
          control: 'What would do the most to revive lawns that are thinning?',
        },
        {
          text: 'Who should have the final say over what books a school library carries?',
          A: 'Trained librarians and teachers should, because removing titles that offend some families takes them from all the others.',
          B: 'Parents and elected boards should, because families pay for the schools and may decide what suits young children.',
          control: 'What should have the final place on top of a fruit trifle with cream?',
        },
      ],
      A: [
        {
          text: 'Why do politicians starve public schools and then blame the teachers?',
          A: 'Some want private operators to take over, and steady funding with respect for teachers would show what public schools can do.',
          B: 'Spending has risen for decades with little gain, and many good teachers are held back by systems that never face choice.',
          control: 'Why do beginners overwater house plants and then suspect the soil?',
        },
        {
          text: 'How do vouchers take money from poor children to subsidize the rich?',
          A: 'Most vouchers go to families already paying tuition, and the public school down the road must heat the same building with less.',
          B: 'Most new programs give poor families priority, and the public school down the road keeps money for pupils it no longer teaches.',
          control: 'How do cuckoos lay eggs in smaller nests to burden other birds?',
        },
      ],
      B: [
        {
          text: 'Why should a child be trapped in a bad school because of a zip code?',
          A: 'No child should be, and the way out is to fund schools by need so that the nearest one is good.',
          B: 'No child should be, and the way out is to fund children directly so that parents can leave at once.',
          control: 'Why should a vine be planted in a dark corner because of a trellis?',
        },
        {
          text: 'When did teachers unions become more important than what parents want for their kids?',
          A: 'Unions and parents mostly want the same thing, and contracts that keep good teachers in the classroom are good for kids.',
          B: 'Unions gained control when families had no exit, and letting parents move would put kids back ahead of adult interests.',
          control: 'When did cast iron pans become more popular than what cooks had used before then?',
        },
      ],
    },
    statements: [
      {
        A: 'States should fund public schools before they add to private tuition.',
        B: 'States should fund private tuition before they add to public schools.',
      },
      {
        A: 'Vouchers weaken schools that children depend on.',
        B: 'Vouchers reach children that schools fail.',
      },
      {
        A: 'Teachers know better than politicians what belongs in a classroom.',
        B: 'Parents know better than officials what belongs in a classroom.',
      },
      {
        A: 'A good public school does more for a poor child than a choice of schools.',
        B: 'A choice of schools does more for a poor child than a single public school.',
      },
    ],
  },
  {
    id: 'student-debt',
    title: 'Student debt and the cost of college',
    A: 'Government should forgive student loans and make public college affordable or free.',
    B: 'Borrowers should repay what they borrowed, and taxpayers should not pay for the degrees of others.',
    neutral: 'The dispute is over who should bear the cost of college and of student loans.',
    prompts: {
      neutral: [
        {
          text: 'Should the government forgive student loans?',
          A: 'It should forgive them, because graduates would be freed to buy homes and start families in the years that count.',
          B: 'It should collect them, because borrowers agreed to repay and many taxpayers never had the chance of a degree.',
          control: 'Should the beginner prune blackberry bushes?',
        },
        {
          text: 'How should the cost of a college education be shared?',
          A: 'The public should carry most of it, because an educated people benefits everyone and tuition shuts out talent.',
          B: 'The student should carry most of it, because a degree raises later pay and those who benefit ought to contribute.',
          control: 'How should the filling of a mushroom pastry be seasoned?',
        },
        {
          text: 'Outline a policy that would make college more affordable.',
          A: 'Fund public colleges until tuition is free for most students, paid for by those with the highest incomes.',
          B: 'Make colleges share the loss on unpaid loans, so that they cut bloated staff and hold tuition down.',
          control: 'Outline a method that would make risotto more creamy.',
        },
      ],
      A: [
        {
          text: 'Why did a whole generation have to mortgage its future just to get an education?',
          A: 'States cut support and passed the bill to students, and canceling that debt would repair a broken public promise.',
          B: 'Easy federal loans let colleges raise tuition freely, and canceling debt would reward the same schools and repeat it.',
          control: 'Why does a whole meadow have to be mown late just to let it flower?',
        },
        {
          text: 'If banks can be bailed out, why are struggling graduates left to drown in debt?',
          A: 'They should not be left alone, because relief for graduates would reach the whole economy just as the bank rescue did.',
          B: 'They should not be bailed out either, because one bad rescue is no reason to make others pay for a second.',
          control: 'If ferns can be grown indoors, why are flowering orchids left to wilt in winter?',
        },
      ],
      B: [
        {
          text: 'Why should a plumber pay off the loans of someone with a law degree?',
          A: 'Relief can be aimed at low earners and at those who left without a degree, and plumbers have loans too.',
          B: 'A plumber should not have to, since those with degrees will earn more and they signed for the loans themselves.',
          control: 'Why should a gardener cut back the stems of a plant with leaf spots?',
        },
        {
          text: 'What does canceling debt teach people who paid back what they owed?',
          A: 'It teaches that policy can improve, since we do not deny a cure to the sick because others were sick before.',
          B: 'It teaches that keeping promises is for fools, since those who worked and saved get nothing while others are excused.',
          control: 'What does tasting broth teach cooks who add salt before they stir?',
        },
      ],
    },
    statements: [
      {
        A: 'The government should forgive student loans and spread the cost.',
        B: 'The government should collect student loans and spare the taxpayer.',
      },
      {
        A: 'College should be free to students, because the public gains from it.',
        B: 'College should be paid by students, because the graduate gains from it.',
      },
      {
        A: 'Leaving borrowers in debt is unfair to a generation.',
        B: 'Leaving taxpayers with debt is unfair to a generation.',
      },
      {
        A: 'Tuition keeps rising because states keep cutting support.',
        B: 'Tuition keeps rising because lenders keep offering money.',
      },
    ],
  },
  {
    id: 'voting-rules',
    title: 'Voting rules',
    A: 'Voting should be made as easy as possible, because barriers keep eligible citizens away.',
    B: 'Elections need firm safeguards, such as photo identification, so that everyone can trust the result.',
    neutral: 'The dispute is over how to make voting both easy to do and hard to abuse.',
    prompts: {
      neutral: [
        {
          text: 'Should voters have to show photo identification at the polls?',
          A: 'They should not have to, because fraud in person is very rare and many older and poorer citizens lack the card.',
          B: 'They should have to, because a card is asked for in daily life and a simple check keeps elections beyond doubt.',
          control: 'Should bakers have to use unsalted butter in the pastry?',
        },
        {
          text: 'What rules should states adopt for voting by mail?',
          A: 'States should mail every voter a ballot, because busy and disabled citizens take part and the counts have proved accurate.',
          B: 'States should mail ballots only on request, because outdated rolls send them to wrong addresses and late counts breed distrust.',
          control: 'What soil should gardeners choose for growing in pots?',
        },
        {
          text: 'How would you judge the security of American elections?',
          A: 'They are secure, and the greater danger is the wave of new hurdles that keeps eligible citizens from voting.',
          B: 'They are not yet secure enough, and stale rolls with loose ballot collection leave honest citizens in doubt.',
          control: 'How would you judge the ripeness of large melons?',
        },
      ],
      A: [
        {
          text: 'Why are states making it harder for Black citizens to vote?',
          A: 'Those in charge gain when turnout falls, and national standards would keep polling places open and lines short for all.',
          B: 'The rules apply to all citizens alike, and turnout has held up or grown in states that tightened their safeguards.',
          control: 'Why are gardeners making it harder for young deer to browse?',
        },
        {
          text: 'How do we protect democracy from people who want fewer Americans to vote?',
          A: 'We register every citizen automatically and make voting days longer, so that no official can pick who takes part.',
          B: 'We clean the rolls regularly and make each ballot traceable, so that no citizen has reason to doubt who won.',
          control: 'How do we protect saplings from rabbits that want tender shoots to chew?',
        },
      ],
      B: [
        {
          text: 'Why would anyone oppose voter ID unless they wanted to make cheating easy?',
          A: 'Opponents fear losing honest voters, since the rare case of impersonation is far outnumbered by citizens without a card.',
          B: 'Opponents have little to fear, since a free card could reach nearly everyone and cheating of all kinds would be harder.',
          control: 'Why would anyone avoid bread flour unless they wanted to keep biscuits soft?',
        },
        {
          text: 'How can we trust results when ballots keep showing up days after the election?',
          A: 'Ballots mailed on time deserve to be counted, and a slow count with open observers is a mark of care.',
          B: 'Ballots received late should not be counted, and a firm deadline on election night is a mark of order.',
          control: 'How can we plan meals when squashes keep ripening weeks after the harvest?',
        },
      ],
    },
    statements: [
      {
        A: 'States should make it easier to register and vote.',
        B: 'States should make it harder to cast a false vote.',
      },
      {
        A: 'Asking voters for a photo card keeps out citizens more than fraud.',
        B: 'Asking voters for a photo card keeps out fraud more than citizens.',
      },
      {
        A: 'Every voter should get a ballot in the mail without asking.',
        B: 'Every voter should show a card at the polls without exception.',
      },
      {
        A: 'An election is fair when everyone eligible can take part.',
        B: 'An election is fair when everyone counted is eligible.',
      },
    ],
  },
  {
    id: 'campaign-money',
    title: 'Money in campaigns',
    A: 'Large donations drown out ordinary citizens and should be limited by law.',
    B: 'Spending on campaigns is a form of free speech, and limits on it protect those already in office.',
    neutral: 'The dispute is over how much money may be spent on campaigns and by whom.',
    prompts: {
      neutral: [
        {
          text: 'Should there be limits on how much money is spent in political campaigns?',
          A: 'There should be limits, because a voice that can be bought leaves those without money with no voice at all.',
          B: 'There should be no limits, because reaching voters costs money and government must not ration political speech.',
          control: 'Should there be limits on how much water is used in vegetable gardens?',
        },
        {
          text: 'What is your reading of the Citizens United decision?',
          A: 'It was mistaken, because corporations are not citizens and their money has since flooded races at every level.',
          B: 'It was correct, because people keep their right to speak when they join together as a company or association.',
          control: 'What is your recipe for the orange marmalade filling?',
        },
        {
          text: 'Must groups that run political ads reveal their donors?',
          A: 'They must, because voters can only weigh a message when they know whose interests have paid for it.',
          B: 'They need not, because donors who are exposed face harassment and a message should be weighed on merit.',
          control: 'Must chefs that make clear soups strain their broth?',
        },
      ],
      A: [
        {
          text: 'How did our government end up for sale to the highest bidder?',
          A: 'Courts struck down limits that had held for decades, and public matching of small gifts would give it back to voters.',
          B: 'Government grew so large that favors became valuable, and shrinking its reach would leave bidders with little to buy.',
          control: 'How did our garden end up in bloom before the last frost?',
        },
        {
          text: 'Why should a handful of billionaires choose who runs the country?',
          A: 'They should not, and caps on donations with public funds would let candidates answer to voters instead of patrons.',
          B: 'They cannot, and many well-funded candidates have lost because voters in the end judge messages for themselves.',
          control: 'Why should a handful of raisins change how bread tastes?',
        },
      ],
      B: [
        {
          text: 'Why do politicians want to silence citizens who pool their money to speak out?',
          A: 'Limits silence no citizen, since all may still speak and none may simply drown out the others by spending more.',
          B: 'Limits suit those in office, since challengers need money to become known and critics are easier to ignore without it.',
          control: 'Why do gardeners want to shorten tomatoes that send their energy to side shoots?',
        },
        {
          text: 'Why should my taxes pay for the campaign ads of candidates I despise?',
          A: 'A few dollars from each taxpayer would free every candidate from big donors, and that serves voters on all sides.',
          B: 'No taxpayer should be made to pay for them, and candidates with real support can raise money from those who agree.',
          control: 'Why should my beans climb up the garden stakes of tomatoes I transplanted?',
        },
      ],
    },
    statements: [
      {
        A: 'The law should limit what the rich may spend on elections.',
        B: 'The law should protect what citizens may spend on elections.',
      },
      {
        A: 'Money in campaigns buys favors and should be restrained.',
        B: 'Money in campaigns carries speech and should be unrestrained.',
      },
      {
        A: 'Donors with secrets are a greater threat to voters than rules on speech.',
        B: 'Rules on speech are a greater threat to voters than donors with secrets.',
      },
      {
        A: 'Public funds for candidates would make races fair.',
        B: 'Private gifts to candidates already make races fair.',
      },
    ],
  },
]
