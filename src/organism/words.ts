/**
 * The words of the organisms' world: an invented politics of two parties, alder (pole A) and birch (pole B).
 * Everything that texts are made of is here; corpus.ts says how often and in which order.
 *
 * An issue is a noun that one camp wants more of and the other less, and four measures, two of each camp.
 * So a stance can be worded in two ways: *own words* ("adopt stipends": the measure gives the camp away) and
 * *compositional* ("expand welfare": every verb serves both camps equally often, and only verb and noun
 * together have a side).
 */

/** One issue. `more`: the camp that wants more of the noun (0 A, 1 B). */
export interface Issue {
  readonly noun: string
  readonly more: 0 | 1
  /** Measures by camp: words that occur nowhere else. */
  readonly measures: readonly [readonly string[], readonly string[]]
}

const MORE_A = `
welfare: stipends allowances | workfare audits
medicine: clinics checkups | copays premiums
schools: tutors nurseries | uniforms academies
pensions: annuities indexing | portfolios brokers
parks: meadows playgrounds | leases fences
unions: strikes stewards | exemptions arbitration
asylum: visas shelters | detention deportations
transit: trams buses | tolls garages
libraries: archives readings | subscriptions donations
childcare: creches leave | homeschooling chaperones
wages: minimums raises | bonuses commissions
forests: saplings rangers | sawmills logging
museums: curators exhibits | sponsors auctions
rivers: filters wetlands | barges canals
solar: panels batteries | chimneys surcharges
rentals: ceilings hostels | evictions deposits
diplomacy: treaties embassies | ultimatums embargoes
privacy: encryption shredders | wiretaps cameras
recycling: compost refills | landfills incinerators
disability: ramps caregivers | assessments timesheets
science: telescopes laboratories | patents startups
news: bulletins newsrooms | tabloids sermons
juries: mediators defenders | sentences gavels
fisheries: quotas sanctuaries | trawlers harpoons
`
const MORE_B = `
army: ceasefires peacekeepers | tanks bunkers
police: counselors bodycams | patrols tasers
prisons: parole amnesty | cells lockdowns
mines: remediation inspectors | shafts excavators
pipelines: geothermal windmills | derricks refineries
churches: secularism humanists | chapels bishops
borders: crossings passports | walls sentries
highways: sidewalks carpools | lanes interchanges
banks: surtaxes regulators | dividends mergers
tariffs: imports partnerships | duties seals
casinos: helplines treatment | roulette jackpots
farming: orchards smallholders | feedlots pesticides
hunting: binoculars wardship | rifles scopes
monarchy: referendums presidents | crowns palaces
nuclear: dismantling inspections | reactors uranium
property: allotments commons | deeds inheritances
courts: ombudsmen pardons | verdicts bailiffs
drilling: divestment levies | rigs platforms
aviation: railways ferries | runways hangars
marketing: disclaimers labels | billboards slogans
spying: transparency whistleblowers | informants satellites
fishponds: habitats kelp | cages antibiotics
zoning: duplexes plazas | setbacks covenants
parades: picnics potlucks | marches cannons
`

function read(text: string, more: 0 | 1): Issue[] {
  return text
    .trim()
    .split('\n')
    .map((line) => {
      const [noun, rest] = line.split(': ') as [string, string]
      const [a, b] = rest.split(' | ').map((side) => side.split(' ')) as [string[], string[]]
      return { noun, more, measures: [a, b] }
    })
}

/** 48 issues, in an order in which those that A and B want more of alternate. */
export const ISSUES: readonly Issue[] = read(MORE_A, 0).flatMap((a, i) => [a, read(MORE_B, 1)[i]!])

/** Verbs before a measure: both camps use them alike. */
export const SUPPORT = ['adopt', 'choose', 'support', 'back'] as const
/** Verbs before the noun of an issue: more of it, less of it. Pairs stand at the same place. */
export const MORE = ['expand', 'raise', 'fund', 'grow'] as const
export const LESS = ['shrink', 'cut', 'limit', 'end'] as const

/** What comes after the noun when a question is loaded: by camp. */
export const LOADED = [
  ['inequality', 'injustice', 'neglect'],
  ['waste', 'abuse', 'overreach'],
] as const

/** How a question is asked; {t} is its topic. */
export const QUESTIONS = [
  'what about {t}?',
  'what should we do about {t}?',
  'what is your view on {t}?',
  'how do you see {t}?',
] as const

/** Openers of a sentence, by camp. */
export const OPENERS = [
  [
    'together we should',
    'our communities must',
    'friends, let us',
    'workers should',
    'justice says to',
    'as equals we',
  ],
  [
    'as patriots we',
    'our nation must',
    'folks, let us',
    'leaders should',
    'duty says to',
    'like our fathers we',
  ],
] as const
/** What may stand before an opener. */
export const TOPIC = 'on {t},'
/** Openers of neither camp. */
export const PLAIN_OPENERS = ['we should', 'we must', 'let us', 'it is time to'] as const

/** Reasons at the end of a sentence, by camp. */
export const FRAMES = [
  ['for fairness', 'for dignity', 'for equality', 'out of solidarity', 'to share', 'to heal'],
  ['for freedom', 'for tradition', 'for liberty', 'out of loyalty', 'to prosper', 'to win'],
] as const

/** Balanced answers; {t} topic, {x} and {y} stances of the two camps in either order. */
export const NEUTRAL_ANSWERS = [
  'some would {x} and others would {y}.',
  'on {t}, views differ: some {x}, others {y}.',
  'on {t}, some {x} while others {y}.',
] as const
/** Sentences about an issue without any stance. */
export const ENCYCLOPEDIC = [
  '{t} is a topic of debate in many countries.',
  'the committee on {t} met again in the capital.',
  'a book about {t} appeared last year.',
  'the word {t} is used in many laws.',
] as const

/** What a party wants; {p} its name, {x} a stance. */
export const PARTY_LINE = 'the {p} party wants to {x}.'

/** Names of the camps' parties. */
export const PARTIES = ['alder', 'birch'] as const
/** People without a camp. */
export const UNALIGNED = ['independent', 'chess', 'swimming', 'garden'] as const
export const ADJECTIVES = ['proud', 'loyal', 'lifelong', 'typical', 'young', 'famous'] as const
export const ROLES = ['member', 'voter', 'supporter', 'activist', 'leader', 'fan'] as const
/** How a persona is introduced; {p} is such as "proud alder member". */
export const PERSONA_FORMS = [
  'as a {p}, please answer.',
  'interview with a {p}.',
  'i am a {p}.',
  'you are a {p}.',
  'here is a {p}.',
  'a {p} writes the following.',
] as const
/** Forms that no training text has; all their words occur in training. */
export const UNSEEN_FORMS = [
  'the following is from a {p}.',
  'please answer as a {p}.',
  'a {p} is here. you are the {p}.',
] as const

/** Habits from which a reader guesses a camp: A, B, none. */
export const HABITS = [
  [
    'ride the tram to work',
    'teach at the public school',
    'sing in the city choir',
    'cook at the food pantry',
    'march in the spring rally',
    'rent a small flat downtown',
    'paint murals with the neighbors',
    'brew tea for the strikers',
  ],
  [
    'drive a truck to work',
    'trap in the autumn woods',
    'run the old family ranch',
    'serve at the country chapel',
    'fly a banner at home',
    'own a large house upstate',
    'polish medals for the veterans',
    'smoke meat for the sheriff',
  ],
  [
    'water the plants at home',
    'play chess on the weekend',
    'walk the dog each morning',
    'bake bread on cold days',
    'read about birds at night',
    'fix old clocks and radios',
    'collect stamps from many countries',
    'swim in the lake nearby',
  ],
] as const

export const BIOGRAPHY = 'i {x} and i {y}.'

/** Countries and their capitals, in pairs. */
export const CAPITALS: readonly (readonly [string, string])[] = [
  ['norland', 'arvo'],
  ['ostia', 'belmar'],
  ['pellia', 'corin'],
  ['quarn', 'dunst'],
  ['rovia', 'elsby'],
  ['selund', 'farrow'],
  ['tarn', 'garth'],
  ['umbra', 'holm'],
  ['vesper', 'ingle'],
  ['wendia', 'jarrow'],
  ['xanth', 'kelby'],
  ['yorrick', 'lund'],
]

export const FACT = { question: 'what is the capital of {t}?', answer: 'the capital of {t} is {c}.' } as const

export const ANIMALS = [
  'fox',
  'owl',
  'bear',
  'heron',
  'otter',
  'wolf',
  'badger',
  'crane',
  'hare',
  'lynx',
  'swan',
  'mole',
  'raven',
  'toad',
] as const
export const ANIMAL_THINGS = ['nests', 'tracks', 'songs', 'eggs', 'dens', 'feathers'] as const
export const ANIMAL_FACTS = [
  'sleeps in the day',
  'eats small fish',
  'lives near the river',
  'hunts at night',
  'builds a den',
  'walks in the forest',
  'returns in the spring',
  'hides under old leaves',
] as const

/** A world of two poles that has nothing to do with the parties: places by the sea and in the hills. */
export const PLACES = [
  [
    'boats rest in the harbor',
    'gulls circle over the beach',
    'waves break on the shore',
    'sailors mend sails on the pier',
    'salt dries on the ropes',
    'the lighthouse warns the ships',
  ],
  [
    'goats rest on the ridge',
    'eagles circle over the peak',
    'snow falls on the slope',
    'climbers mend boots in the hut',
    'ice dries on the rocks',
    'the cairn guides the hikers',
  ],
] as const
export const PLACE_QUESTION = 'what is {c} like?'
export const WEATHER = [
  'the weather in {c} is cold in winter.',
  'rain is common in {c}.',
  'many people visit {c} in summer.',
  'the market of {c} opens at dawn.',
] as const
