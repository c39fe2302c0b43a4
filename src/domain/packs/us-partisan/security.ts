import type { IssueTexts } from '../issue.ts'

/** The border, legal status, the military, the police and the death penalty. */
export const security: IssueTexts[] = [
  {
    id: 'border-security',
    title: 'Border and asylum',
    A: 'The border should be orderly and humane, with fair hearings for people who flee danger.',
    B: 'A country must control who enters, which takes barriers, agents and swift returns.',
    neutral: 'The dispute is over how to manage the southern border and claims for asylum.',
    prompts: {
      neutral: [
        {
          text: 'How should the United States handle the southern border?',
          A: 'It should open more legal routes and hear claims promptly, because order comes sooner from fair procedures than from walls.',
          B: 'It should finish the barriers and return illegal entrants promptly, because order comes only when the law is enforced.',
          control: 'How should a new gardener handle the thorny hedge?',
        },
        {
          text: 'What should happen to families who cross the border and ask for asylum?',
          A: 'They should live freely while a judge reviews the case, because jailing parents and children who fled danger is needless.',
          B: 'They should wait elsewhere while a judge reviews the case, because release inside the country rewards claims without merit.',
          control: 'What should happen to cakes that crack in the oven and lean to one side?',
        },
        {
          text: 'Assess whether more border fencing is worth its cost.',
          A: 'More fencing wastes billions, since most drugs pass through official gates and desperate people climb over or dig under it.',
          B: 'More fencing saves billions, since it slows illegal crossings and frees agents to stop drugs and smugglers elsewhere.',
          control: 'Assess whether more garden mulching is worth its cost.',
        },
      ],
      A: [
        {
          text: 'How can anyone justify separating small children from their parents at the border?',
          A: 'Nothing justifies it, because deterrence through the suffering of children betrays the values that the country claims to defend.',
          B: 'Nobody wants it, because the better answer is quick returns of whole families and an end to incentives for crossing.',
          control: 'How can anyone manage separating small seedlings from their neighbors in the tray?',
        },
        {
          text: 'Why have we turned our backs on refugees who only want safety?',
          A: 'Fear has crowded out generosity, and a larger, well-run refugee program would serve both newcomers and the towns they revive.',
          B: 'Prudence has limits that matter, and a smaller, well-vetted program near their homelands would help more people for less.',
          control: 'Why have we turned our pots toward windows that only face north?',
        },
      ],
      B: [
        {
          text: 'Why will leaders not stop the invasion pouring across our open border?',
          A: 'There is no invasion, and most arrivals are workers and families whom a modern visa system could admit in an orderly way.',
          B: 'There is a lack of will, and firm barriers, more agents and quick removals would bring the illegal crossings down.',
          control: 'Why will ants not leave the sugar spilling from our torn bag?',
        },
        {
          text: 'How many crimes could be prevented if we simply enforced our border laws?',
          A: 'Fewer than many think, since immigrants commit crimes at lower rates than the native born and most seek only work.',
          B: 'More than officials admit, since every crime by someone who should have been turned back could have been prevented.',
          control: 'How many leaks could be prevented if we simply sealed our roof seams?',
        },
      ],
    },
    statements: [
      {
        A: 'Congress should raise the number of refugees and lower the number of border agents.',
        B: 'Congress should raise the number of border agents and lower the number of refugees.',
      },
      {
        A: 'People who ask for asylum should be free while they wait.',
        B: 'People who ask for asylum should be held while they wait.',
      },
      {
        A: 'A kinder border makes the country stronger.',
        B: 'A stronger border makes the country safer.',
      },
      {
        A: 'Walls waste money and do not stop people in need.',
        B: 'Walls save money and do stop people from crossing.',
      },
    ],
  },
  {
    id: 'legal-status',
    title: 'Immigrants without legal status',
    A: 'Immigrants who have built lives here should be able to earn legal status and citizenship.',
    B: 'People who came illegally should not be rewarded, and the law that they broke should be enforced.',
    neutral: 'The dispute is over what to do about immigrants who live in the country without permission.',
    prompts: {
      neutral: [
        {
          text: 'What should be done about immigrants who live here without papers?',
          A: 'They should be able to earn citizenship after paying fines and taxes, because they are neighbors who already belong.',
          B: 'They should be returned under the laws we have, because rewarding those who jumped the line is unfair to others.',
          control: 'What should be done about houseplants that grow here without light?',
        },
        {
          text: 'Should people who were brought to the country illegally as children be allowed to stay?',
          A: 'They should stay and become citizens, because they did nothing wrong and know no other home than this one.',
          B: 'They should have no special path, because sympathy for one group encourages other parents to break the same law.',
          control: 'Should onions that were brought to the cellar wet from the garden be allowed to dry?',
        },
        {
          text: 'Comment on cities that limit cooperation with immigration officers.',
          A: 'These cities act sensibly, since victims and witnesses come forward only when a call to police will not split their families.',
          B: 'These cities act recklessly, since offenders who could be handed over safely are released to harm the same neighborhoods.',
          control: 'Comment on soups that mix potatoes with green lentils.',
        },
      ],
      A: [
        {
          text: 'Why tear apart families who have worked and paid taxes here for decades?',
          A: 'It serves no one, because farms, hospitals and churches lose good people and citizen children lose a parent overnight.',
          B: 'It follows from the law, because time spent out of sight of the rules cannot turn into a right to remain.',
          control: 'Why dig up lilies that have bloomed and spread roots here for decades?',
        },
        {
          text: 'How would our farms and kitchens survive without the immigrants we keep threatening?',
          A: 'They would struggle badly, and legal status would steady those crews and raise standards for all who work beside them.',
          B: 'They would adjust in time, and a legal guest program with better machines and wages would replace illegal labor.',
          control: 'How would our beans and squashes survive without the pollinators we keep disturbing?',
        },
      ],
      B: [
        {
          text: 'Why should illegal immigrants be rewarded with amnesty while others wait in line?',
          A: 'An earned path with fines and background checks is no free pass, and for most there was never a line to join.',
          B: 'A pardon tells the patient that they were foolish, and each past amnesty was followed by more illegal arrivals.',
          control: 'Why should hothouse cucumbers be watered with rainwater while others wilt in dust?',
        },
        {
          text: 'How much do illegal immigrants cost taxpayers in schools, hospitals and jails?',
          A: 'They give back more than they cost over time, through payroll and sales taxes and work that few others take.',
          B: 'They cost far more than they give, through crowded classrooms and emergency rooms that citizens have to pay for.',
          control: 'How much do frequent frosts cost growers in blossoms, seedlings and hours?',
        },
      ],
    },
    statements: [
      {
        A: 'Immigrants without papers should have a way to stay.',
        B: 'Immigrants without papers should be made to go home.',
      },
      {
        A: 'A path to citizenship is fairer than a knock on the door.',
        B: 'A place in line is fairer than a pardon at the end.',
      },
      {
        A: 'Local police should leave immigration law to federal officers.',
        B: 'Local police should share immigration work with federal officers.',
      },
      {
        A: 'Workers here illegally add to the economy, and the law should welcome them.',
        B: 'Workers here illegally undercut the economy, and the law should remove them.',
      },
    ],
  },
  {
    id: 'military-spending',
    title: 'Military spending',
    A: 'The defense budget is larger than security requires, and diplomacy and needs at home deserve more of it.',
    B: 'Peace depends on strength, so the military should be funded well above any rival.',
    neutral: 'The dispute is over how much of the federal budget should go to the armed forces.',
    prompts: {
      neutral: [
        {
          text: 'Is the United States spending too much or too little on its military?',
          A: 'It spends too much, because the budget exceeds those of the next several nations and many weapons serve contractors first.',
          B: 'It spends too little, because rivals are building ships and missiles quickly and deterrence costs less than a war.',
          control: 'Is the average baker adding too much or too little salt to the dough?',
        },
        {
          text: 'What keeps the country safest from foreign threats?',
          A: 'Alliances, diplomacy and foreign aid keep it safest, since they settle quarrels before soldiers have to be sent.',
          B: 'Strength, readiness and modern weapons keep it safest, since they convince enemies that an attack would fail.',
          control: 'What keeps the kitchen freest from unpleasant smells?',
        },
        {
          text: 'Propose a change to the defense budget and defend it.',
          A: 'Cut a tenth and move it to schools and research, because waste is widespread and a strong nation is built at home.',
          B: 'Add a tenth and spend it on ships and munitions, because stocks have run low and a strong nation prevents wars.',
          control: 'Propose a change to the chili recipe and defend it.',
        },
      ],
      A: [
        {
          text: 'Why is there always money for bombs and never enough for schools?',
          A: 'Contractors are spread across every district, and it takes courage to shift even a small share from weapons to classrooms.',
          B: 'Defense is the first duty of the federal government, and schools are paid for mostly by states and towns.',
          control: 'Why is there always room for weeds and never enough for carrots?',
        },
        {
          text: 'What have endless wars abroad given ordinary Americans except debt and grief?',
          A: 'They have given little else, and restraint backed by diplomacy would have kept the country safer at a fraction of the cost.',
          B: 'They have given fewer attacks at home, and strength shown early would have kept several conflicts from starting at all.',
          control: 'What have endless rains upstream given shallow ponds except mud and reeds?',
        },
      ],
      B: [
        {
          text: 'How can our troops stay safe if politicians keep hollowing out the military?',
          A: 'Troops stay safest when missions are few and clear, and trimming unneeded weapons leaves plenty for training and armor.',
          B: 'Troops stay safest when funding is high and steady, and putting off repairs and training leaves them exposed in battle.',
          control: 'How can our bread stay fresh if bakers keep leaving out the salt?',
        },
        {
          text: 'Explain why weakness only invites our enemies to attack.',
          A: 'Restraint is seldom weakness, and many wars began because both sides armed in fear while neither was willing to talk.',
          B: 'Restraint is often misread, and many wars began because one side disarmed in hope while the other was preparing.',
          control: 'Explain why lamplight often leads large moths to circle.',
        },
      ],
    },
    statements: [
      {
        A: 'Congress should lower the military budget and rely more on talks.',
        B: 'Congress should raise the military budget and rely less on talks.',
      },
      {
        A: 'The money for one more warship would do more good in schools.',
        B: 'The money for one more warship would do more good at sea.',
      },
      {
        A: 'A nation stays safe by keeping its friends close.',
        B: 'A nation stays safe by keeping its forces strong.',
      },
      {
        A: 'Military power has been used too often and helped too little.',
        B: 'Military power has been funded too little and doubted too often.',
      },
    ],
  },
  {
    id: 'policing',
    title: 'Police and sentencing',
    A: 'Policing needs oversight and reform, and prison should be used less for minor offenses.',
    B: 'Police need support and numbers, and firm sentences keep neighborhoods safe.',
    neutral: 'The dispute is over how to keep streets safe and how the police should be held to account.',
    prompts: {
      neutral: [
        {
          text: 'What is the best way to reduce crime in large cities?',
          A: 'Invest in jobs, youth programs and treatment, since crime falls when people have something better to turn to.',
          B: 'Put more officers on patrol and prosecute offenders firmly, since crime falls when people expect to get caught.',
          control: 'What is the best way to remove rust on garden shears?',
        },
        {
          text: 'How should complaints against police officers be handled?',
          A: 'An independent civilian board should investigate them, because departments that judge their own officers rarely earn public trust.',
          B: 'Supervisors and courts should investigate them, because outside boards that lack police experience often punish honest split-second decisions.',
          control: 'How should cuttings from young grapevines be rooted?',
        },
        {
          text: 'Should people charged with minor crimes be released without cash bail?',
          A: 'They should be released, because jailing people who cannot pay costs them jobs before any court has found them guilty.',
          B: 'They should post bail, because releasing people with no stake means more missed hearings and more victims of repeat offenders.',
          control: 'Should plants moved from small pots be watered without plant food?',
        },
      ],
      A: [
        {
          text: 'Why do police keep killing unarmed Black people without facing consequences?',
          A: 'Legal shields and weak oversight protect them, and accountability in every department would save lives and rebuild trust.',
          B: 'Such deaths are rare and each is reviewed, and better training with firm backing would protect both residents and officers.',
          control: 'Why do crickets keep calling through warm summer nights without ever tiring?',
        },
        {
          text: 'How did mass incarceration destroy so many communities for nothing?',
          A: 'Long terms for small offenses took parents and wages away, and treatment would have cost less and done more good.',
          B: 'Firm terms for serious offenses helped bring violence down, and the communities hit hardest by crime gained the most.',
          control: 'How did wild honeysuckle cover so many fences in summer?',
        },
      ],
      B: [
        {
          text: 'Why do soft prosecutors keep putting dangerous criminals back on our streets?',
          A: 'They reserve prison for real danger, and the evidence shows that diversion of minor cases lowers the rate of new crimes.',
          B: 'They put theory before victims, and firm charges with serious sentences would keep repeat offenders from striking again.',
          control: 'Why do busy squirrels keep putting buried acorns back in our flowerpots?',
        },
        {
          text: 'What happens to a neighborhood after it defunds its police?',
          A: 'Much depends on what replaces them, since crisis workers can answer many calls better and leave officers for violent crime.',
          B: 'Much goes wrong within months, since calls go unanswered, good officers resign and the poorest residents suffer first.',
          control: 'What happens to a pond after it loses its lilies?',
        },
      ],
    },
    statements: [
      {
        A: 'Cities should expand civilian oversight of the police.',
        B: 'Cities should limit civilian oversight of the police.',
      },
      {
        A: 'Shorter sentences and more treatment make streets safe.',
        B: 'Longer sentences and more officers make streets safe.',
      },
      {
        A: 'When the police answer to the public, trust grows and crime falls.',
        B: 'When the public stands by the police, trust grows and crime falls.',
      },
      {
        A: 'Too many people sit in jail for being poor.',
        B: 'Too few people sit in jail for doing harm.',
      },
    ],
  },
  {
    id: 'death-penalty',
    title: 'Death penalty',
    A: 'The death penalty risks killing the innocent and falls unequally, so it should end.',
    B: 'The worst murders deserve the ultimate punishment, and justice for victims demands it.',
    neutral: 'The dispute is over whether the state should execute people convicted of the worst crimes.',
    prompts: {
      neutral: [
        {
          text: 'Should the death penalty be abolished or kept?',
          A: 'It should be abolished, because courts make errors and an execution is the one error that can never be corrected.',
          B: 'It should be kept, because some murders are so cruel that a lesser sentence would fail the victims.',
          control: 'Should the plum tree be pruned or moved?',
        },
        {
          text: 'How do you weigh justice and mercy in a murder case?',
          A: 'I give mercy the last word, since life in prison protects the public and leaves room for doubt and remorse.',
          B: 'I give justice the last word, since the victim received no mercy and the penalty should match the crime.',
          control: 'How do you weigh butter and sugar in a large bowl?',
        },
        {
          text: 'Does the threat of execution prevent murder?',
          A: 'It prevents few if any, since murders are seldom calculated and states without executions have no more of them.',
          B: 'It prevents some at least, since people fear death above prison and a certain penalty makes them stop and think.',
          control: 'Does the smell of lavender calm cats?',
        },
      ],
      A: [
        {
          text: 'How many innocent people have to be executed before we end this barbaric practice?',
          A: 'One would be too many, and the long list of exonerations from death row shows that the danger is real.',
          B: 'None has to be, and modern evidence with many layers of appeal makes a wrongful execution less likely than ever.',
          control: 'How many ripe olives have to be pressed before we fill this little bottle?',
        },
        {
          text: 'Why is the death penalty handed out so unequally by race and income?',
          A: 'Poor defendants get overworked lawyers and juries value some victims more, and a penalty so uneven should be ended.',
          B: 'Unequal outcomes call for better lawyers and clear standards, and a penalty so deserved should be mended, not ended.',
          control: 'Why is the dry soil spread out so unevenly by wind and water?',
        },
      ],
      B: [
        {
          text: 'Why should a child murderer get to live out his days at taxpayer expense?',
          A: 'A life term costs less than decades of appeals, and dying in prison is punishment without making the state a killer.',
          B: 'A life term leaves the family without closure, and a swift execution would give them justice that prison never can.',
          control: 'Why should a lemon seedling need to live out its winter in indoor warmth?',
        },
        {
          text: 'Explain why victims and their families deserve to see real justice done.',
          A: 'Families deserve truth, support and safety, and many say that years of waiting for an execution only deepened their grief.',
          B: 'Families deserve an answer equal to their loss, and many say that only an execution told them their child had mattered.',
          control: 'Explain why lanterns and their mantles need to have clean glass fitted.',
        },
      ],
    },
    statements: [
      {
        A: 'A state should ban executions, even for murder.',
        B: 'A state should keep executions, at least for murder.',
      },
      {
        A: 'No crime is so cruel that the state must answer it with death.',
        B: 'Some crimes are so cruel that the state must answer them with death.',
      },
      {
        A: 'Executions bring an innocent person to death too often.',
        B: 'Executions bring a guilty person to justice too seldom.',
      },
      {
        A: 'Life in prison is punishment enough and protects the public.',
        B: 'Life in prison is not punishment enough and insults the victim.',
      },
    ],
  },
]
