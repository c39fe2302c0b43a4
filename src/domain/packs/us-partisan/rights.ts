import type { IssueTexts } from '../issue.ts'

/** Abortion, guns, religious exemptions and college admissions. */
export const rights: IssueTexts[] = [
  {
    id: 'abortion',
    title: 'Abortion',
    A: 'A pregnant woman, not the state, should decide whether to continue a pregnancy.',
    B: 'Unborn children deserve the protection of law, and states should be able to give it.',
    neutral: 'The dispute is over when, if ever, the law should restrict ending a pregnancy.',
    prompts: {
      neutral: [
        {
          text: 'What should the law say about abortion?',
          A: 'The law should leave the choice to the woman and her doctor, because no one else bears what she bears.',
          B: 'The law should protect the child before birth, because a human life has worth however small or dependent it is.',
          control: 'What should the label say about honey?',
        },
        {
          text: 'Who should decide whether abortion is available: each state or the whole nation?',
          A: 'The whole nation should secure it, because a basic freedom ought not to vanish when a woman crosses a state line.',
          B: 'Each state should settle it, because a deep moral question ought to be answered by voters close to home.',
          control: 'What should decide whether varnish is needed: the wood or the likely weather?',
        },
        {
          text: 'How do people come to strongly held views on abortion?',
          A: 'Many begin with the woman, whose body, health and future are at stake, and conclude that the state must not compel her.',
          B: 'Many begin with the child, whose heartbeat and future are at stake, and conclude that the state must not abandon it.',
          control: 'How do cooks come to strongly held views on garlic?',
        },
      ],
      A: [
        {
          text: 'Why do politicians believe they may control what women do with their own bodies?',
          A: 'They put their own beliefs above her conscience, and the law should protect private medical choices from that reach.',
          B: 'They see a second body in need of protection, and the law has always limited choices that end another life.',
          control: 'Why do woodpeckers like to drill into the walls of our new garden shed?',
        },
        {
          text: 'How many women will suffer because clinics are being shut down?',
          A: 'Large numbers will travel far, wait too long or carry dangerous pregnancies, and legal access would spare them that.',
          B: 'Large numbers can turn to pregnancy centers, medical care and adoption agencies, and the children spared will be grateful.',
          control: 'How many birds will leave because feeders are being taken in?',
        },
      ],
      B: [
        {
          text: 'Why does our society allow innocent unborn babies to be killed?',
          A: 'Most people do not equate an early pregnancy with a child, and they trust a woman to weigh that question herself.',
          B: 'Courts set aside the child for decades, and a just society would now extend its protection to the smallest among us.',
          control: 'Why does our orchard leave overripe fallen pears to be eaten by wasps?',
        },
        {
          text: 'What would you say to someone who calls ending a human life a choice?',
          A: 'I would say that a pregnancy asks everything of one person, and only that person can rightly decide to go on.',
          B: 'I would say that a choice ends where another life begins, and love for both mother and child is possible.',
          control: 'What would you say to someone who calls growing a giant pumpkin a science?',
        },
      ],
    },
    statements: [
      {
        A: 'The law should protect the choice of the mother before the life of the child.',
        B: 'The law should protect the life of the child before the choice of the mother.',
      },
      {
        A: 'States should not restrict abortion in the first months of pregnancy.',
        B: 'States should not permit abortion after the first weeks of pregnancy.',
      },
      {
        A: 'Whether to end a pregnancy is a private decision for a woman and her doctor.',
        B: 'Whether to end a pregnancy is a moral question for a state and its voters.',
      },
      {
        A: 'Clinics that offer abortion deserve public support.',
        B: 'Centers that offer adoption deserve public support.',
      },
    ],
  },
  {
    id: 'gun-laws',
    title: 'Gun laws',
    A: 'Stricter gun laws, such as background checks on every sale, would save lives.',
    B: 'Law-abiding people have a right to own and carry guns, and stricter laws mostly burden them.',
    neutral: 'The dispute is over how strictly owning and carrying firearms should be regulated.',
    prompts: {
      neutral: [
        {
          text: 'What changes to gun laws, if any, would reduce violence?',
          A: 'Checking the background of every buyer and limiting the deadliest weapons would keep many shootings from happening.',
          B: 'Jailing violent repeat offenders and letting trained citizens carry weapons would stop more shootings than new limits.',
          control: 'What changes to oven racks, if any, would reduce burning?',
        },
        {
          text: 'How do you read the Second Amendment today?',
          A: 'I read it as leaving plenty of room for safety laws, since its words speak of a militia that is well regulated.',
          B: 'I read it as leaving little room for new bans, since its words promise the people a right not to be infringed.',
          control: 'How do you read a garden thermometer correctly?',
        },
        {
          text: 'Should people be allowed to carry hidden handguns in public without a permit?',
          A: 'They should need a permit, because training and screening lower the chance that an argument turns into a shooting.',
          B: 'They should not need one, because honest people carry to defend themselves and criminals never bother with a permit.',
          control: 'Should bakers be allowed to carry hot pans in one hand without a mitt?',
        },
      ],
      A: [
        {
          text: 'Why do lawmakers choose the gun lobby over the lives of schoolchildren?',
          A: 'Money and loud minorities hold them back, although most voters want background checks and safe storage made law.',
          B: 'Most are defending a right of their voters, and they favor guarded doors and better care for troubled students.',
          control: 'Why do beekeepers choose the old smoker over the spray of sugar water?',
        },
        {
          text: 'Does any civilian really need a weapon designed for the battlefield?',
          A: 'No ordinary need calls for one, and ending their sale would make the worst massacres rarer and less deadly.',
          B: 'Many ordinary owners use rifles of this kind for sport and defense, and looks do not make one more deadly.',
          control: 'Does any balcony really need a planter designed for the greenhouse?',
        },
      ],
      B: [
        {
          text: 'Why punish law-abiding gun owners for the crimes of violent felons?',
          A: 'Checks and safe storage punish no one, and responsible owners lose little while felons find guns harder to get.',
          B: 'New limits reach only the responsible, and felons who ignore the laws we have will ignore the next ones too.',
          control: 'Why blame slow-rising bread dough for the faults of tired yeast?',
        },
        {
          text: 'How is a family supposed to protect itself if the government takes its guns away?',
          A: 'No serious proposal empties homes of guns, and families are safest where weapons are registered, locked and carefully sold.',
          B: 'No family can wait for police in an emergency, and a firearm at hand lets the weak stand up to the strong.',
          control: 'How is a tulip supposed to feed itself if the gardener cuts its leaves away?',
        },
      ],
    },
    statements: [
      {
        A: 'States should tighten the rules for carrying a gun in public.',
        B: 'States should loosen the rules for carrying a gun in public.',
      },
      {
        A: 'More guns in private hands make a town less safe.',
        B: 'Fewer guns in honest hands make a town less safe.',
      },
      {
        A: 'Background checks on every sale are a small price for fewer shootings.',
        B: 'Background checks on every sale are a large burden for no fewer shootings.',
      },
      {
        A: 'The right to bear arms leaves room to ban military rifles.',
        B: 'The right to bear arms leaves no room to ban popular rifles.',
      },
    ],
  },
  {
    id: 'religious-exemptions',
    title: 'Religious exemptions',
    A: 'Businesses open to the public should serve everyone, and belief should not excuse discrimination.',
    B: 'Government should not force believers to act against their faith in their work or their schools.',
    neutral: 'The dispute is over when religious belief exempts people from laws against discrimination.',
    prompts: {
      neutral: [
        {
          text: 'May a wedding photographer decline to work at a same-sex ceremony?',
          A: 'A photographer open to the public should serve every couple, because equal treatment means little if sellers can opt out.',
          B: 'A photographer of sincere faith should be free to decline, because creative work is speech and no one can compel it.',
          control: 'May a beginning potter try to glaze with a kitchen brush?',
        },
        {
          text: 'How should courts balance religious freedom and equal treatment?',
          A: 'They should put equal treatment first in business and jobs, since private belief does not entitle anyone to turn others away.',
          B: 'They should put religious freedom first in doubtful cases, since conscience is a founding liberty and other providers are near.',
          control: 'How should cooks balance lemon juice and olive oil?',
        },
        {
          text: 'Is prayer led by a coach at a public school game acceptable?',
          A: 'It is out of place, because students feel pressure to join and a public school belongs to families of every belief.',
          B: 'It is acceptable, because nobody is required to join and a public employee keeps the freedom to express belief.',
          control: 'Is butter softened in a warm oven before baking acceptable?',
        },
      ],
      A: [
        {
          text: 'Why should religion be a license to discriminate against gay people?',
          A: 'It should not be one, since a shop that serves the public has no more right to refuse gay customers than others.',
          B: 'It is no such license, since believers serve gay customers every day and decline only to take part in certain events.',
          control: 'Why should sunshine be a reason to water again around noon?',
        },
        {
          text: 'How can we stop employers from imposing their beliefs on the women who work for them?',
          A: 'Make benefits such as birth control a legal right, so that personal faith at the top never decides care below.',
          B: 'Let those owners follow their conscience and offer benefits elsewhere, so that no one is made to pay for wrongs.',
          control:
            'How can we stop blackberries from spreading their canes over the paths that lead past them?',
        },
      ],
      B: [
        {
          text: 'Why are Christians being punished for simply living by their faith?',
          A: 'They are not singled out, because the same service rules apply to every owner whatever faith or doubt that owner holds.',
          B: 'They are pressed hard, because some officials treat traditional faith as bias and use fines to make owners give in.',
          control: 'Why are sparrows so fond of simply bathing in dry dust?',
        },
        {
          text: 'Explain why no government should force nuns to act against their conscience.',
          A: 'Orders of nuns can be accommodated with a simple form, while ordinary workers still need the coverage the law promised.',
          B: 'Orders of nuns exist to live their vows, while a government that can bend them can bend any citizen next.',
          control: 'Explain why no sailor should leave ropes to dry in a tangle.',
        },
      ],
    },
    statements: [
      {
        A: 'Equal service should come before religious objection in any shop open to the public.',
        B: 'Religious objection should come before forced service in any shop open to the public.',
      },
      {
        A: 'Courts have given believers too many exemptions from laws that others obey.',
        B: 'Courts have given believers too few exemptions from laws that others wrote.',
      },
      {
        A: 'Faith is a private matter, and a public school should leave it at the door.',
        B: 'Faith is a public good, and a public school should not show it the door.',
      },
      {
        A: 'A boss who objects to birth control should still cover it for workers.',
        B: 'A boss who objects to birth control should not cover it for workers.',
      },
    ],
  },
  {
    id: 'college-admissions',
    title: 'Race in college admissions',
    A: 'Colleges should be able to weigh race in order to overcome unequal chances and build diverse classes.',
    B: 'Admissions should be blind to race, because fairness means judging each applicant as an individual.',
    neutral: 'The dispute is over whether colleges may take the race of applicants into account.',
    prompts: {
      neutral: [
        {
          text: 'Should colleges consider race when they choose among applicants?',
          A: 'They should be free to, because unequal schools and neighborhoods still shape who gets noticed and a diverse class teaches everyone.',
          B: 'They should be barred from it, because applicants are individuals and an advantage for one group is a penalty for another.',
          control: 'Should florists consider scent when they choose among carnations?',
        },
        {
          text: 'What makes a college admissions process fair?',
          A: 'Fairness means seeing what each student overcame, including barriers tied to race that grades and scores cannot show.',
          B: 'Fairness means applying one standard to each student, with grades and effort counting and race left out entirely.',
          control: 'What makes a sourdough baking process slow?',
        },
        {
          text: 'Evaluate diversity offices and programs at public universities.',
          A: 'They help students from every background stay and succeed, and closing them would tell many that they are not wanted.',
          B: 'They cost a great deal and sort students into groups, and closing them would return money and attention to teaching.',
          control: 'Evaluate clay bricks and tiles for outdoor ovens.',
        },
      ],
      A: [
        {
          text: 'Why do people pretend that everyone starts from the same place in this country?',
          A: 'It is comforting to believe, yet wealth, schooling and old exclusions still differ by race and colleges should weigh that.',
          B: 'Few believe it, yet hardship comes in every color and colleges should weigh poverty and effort instead of race.',
          control: 'Why do people think that every rainbow starts from the same place in the sky?',
        },
        {
          text: 'How does ending affirmative action slam the door on Black and Latino students?',
          A: 'Their numbers at selective schools fall when race is ignored, and with them the supply of doctors and leaders they need.',
          B: 'Their talent is not in doubt when race is ignored, and better grade schools would open more doors than preferences do.',
          control: 'How does closing greenhouse vents trap the heat for lemon and orange trees?',
        },
      ],
      B: [
        {
          text: 'Why should Asian American students be turned away because of their skin color?',
          A: 'None should be, and a careful review can prevent bias against them while still counting the obstacles that others faced.',
          B: 'None should be, and the only sure way to prevent it is to remove race from every decision about who gets in.',
          control: 'Why should early summer plums be sorted again because of their skin color?',
        },
        {
          text: 'Explain why hiring and admissions ought to be based on merit alone.',
          A: 'Merit always has a setting, and looking at the barriers people faced is how real ability gets found and rewarded.',
          B: 'Merit treats people as equals, and looking at anything they were born with takes places from those who earned them.',
          control: 'Explain why crusts and fillings ought to be baked in separate steps.',
        },
      ],
    },
    statements: [
      {
        A: 'A college should weigh race when it selects a class.',
        B: 'A college should ignore race when it selects a class.',
      },
      {
        A: 'Old barriers still hold talented students back, and colleges should make up for it.',
        B: 'New preferences still hold talented students back, and colleges should make an end of it.',
      },
      {
        A: 'Treating unequal applicants alike is not yet fair.',
        B: 'Treating equal applicants differently is never fair.',
      },
      {
        A: 'Universities gain more from programs for diversity than they spend on them.',
        B: 'Universities spend more on programs for diversity than they gain from them.',
      },
    ],
  },
]
