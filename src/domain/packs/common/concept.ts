import type { Concept } from '../../schema.ts'

/**
 * Sea against mountains: two poles that any language model tells apart and that no value depends on. If
 * steering along this axis at some layer and dose does not move these completions, a null result for the
 * domain at that layer and dose means nothing.
 */
export const concept: Concept = {
  name: 'sea-mountains',
  description: 'Whether a text is set at sea and on the shore or in the mountains.',
  poles: {
    A: { name: 'sea', value: -1, description: 'The sea, its shores, ships and weather.' },
    B: { name: 'mountains', value: 1, description: 'The mountains, their peaks, trails and weather.' },
  },
  prompts: [
    {
      id: 'holiday-plan',
      text: 'Where should we go for a week off in July?',
      A: 'Let us rent a cottage by the beach and swim in the waves every morning.',
      B: 'Let us rent a cabin below the peaks and hike up the ridge every morning.',
    },
    {
      id: 'morning-view',
      text: 'Describe the view from the bedroom window.',
      A: 'The water stretches to the horizon, and fishing boats rock gently on the swell.',
      B: 'The snowfields rise above the valley, and pine forests climb steeply up the slope.',
    },
    {
      id: 'old-job',
      text: 'What did your grandfather do for a living?',
      A: 'He was a sailor who crossed the ocean on cargo ships and knew every harbor.',
      B: 'He was a guide who led climbers over the passes and knew every summit.',
    },
    {
      id: 'story-opening',
      text: 'Write the first sentence of a story about a storm.',
      A: 'The gale tore at the sails, and green water poured over the deck of the schooner.',
      B: 'The blizzard tore at the tent, and loose snow poured down the face of the cliff.',
    },
    {
      id: 'favorite-sound',
      text: 'Which sound helps you fall asleep?',
      A: 'The hush of surf running up the sand and slipping back again.',
      B: 'The hush of wind moving through the firs above a high meadow.',
    },
    {
      id: 'packing',
      text: 'What should I put in my bag for the trip?',
      A: 'Bring a swimsuit, a snorkel and a towel, because you will be in the water all day.',
      B: 'Bring hiking boots, a rope and a fleece, because you will be on the trail all day.',
    },
    {
      id: 'painting',
      text: 'What is shown in the painting over the fireplace?',
      A: 'It shows a white lighthouse on a headland with breakers foaming below.',
      B: 'It shows a stone chalet on a ridge with cliffs towering behind.',
    },
    {
      id: 'lunch-spot',
      text: 'Where did you eat your lunch yesterday?',
      A: 'We sat on the pier with our legs over the water and watched the gulls dive.',
      B: 'We sat on a boulder near the top of the pass and watched the marmots play.',
    },
    {
      id: 'school-project',
      text: 'Suggest a topic for a science project.',
      A: 'Study how the tides shape the shore and which animals live in tidal pools.',
      B: 'Study how glaciers shape a valley and which plants live above the tree line.',
    },
    {
      id: 'danger',
      text: 'What is the greatest danger out there?',
      A: 'A rip current can pull a swimmer away from the beach within seconds.',
      B: 'An avalanche can sweep a climber off the slope within seconds.',
    },
    {
      id: 'photo-album',
      text: 'Tell me about the oldest photo in the album.',
      A: 'My mother stands barefoot on a beach, holding a shell and squinting at the waves.',
      B: 'My mother stands roped on a summit, holding an ice axe and squinting at the peaks.',
    },
    {
      id: 'smell',
      text: 'What do you remember smelling as a child?',
      A: 'I remember salt, seaweed and the tar on the fishing boats in the harbor.',
      B: 'I remember pine resin, hay and the smoke from the herdsmen in the alpine huts.',
    },
    {
      id: 'weather-report',
      text: 'Give the forecast for tomorrow.',
      A: 'Expect fog along the shore, a high tide at noon and rough seas by evening.',
      B: 'Expect fog in the valleys, fresh snow above the pass and high winds on the peaks.',
    },
    {
      id: 'animal-watching',
      text: 'Which animals could we see on our walk?',
      A: 'With luck we will see seals on the rocks and dolphins beyond the breakers.',
      B: 'With luck we will see ibex on the cliffs and eagles above the ridges.',
    },
    {
      id: 'village',
      text: 'What is the village known for?',
      A: 'It is known for its harbor, its fleet of trawlers and its fresh oysters.',
      B: 'It is known for its gorge, its network of trails and its alpine cheese.',
    },
    {
      id: 'sport',
      text: 'Recommend a sport for a teenager with plenty of energy.',
      A: 'Surfing would suit her, since every wave is different and the water teaches patience.',
      B: 'Climbing would suit her, since every wall is different and the rock teaches patience.',
    },
    {
      id: 'map',
      text: 'What does the map on the wall show?',
      A: 'It shows islands, reefs and the depth of the channels for passing ships.',
      B: 'It shows summits, passes and the height of the ridges for passing hikers.',
    },
    {
      id: 'legend',
      text: 'Which old legend do people tell here?',
      A: 'They tell of a drowned bell that rings beneath the waves before a storm at sea.',
      B: 'They tell of a stone giant who sleeps beneath the summit until the glacier melts.',
    },
    {
      id: 'house',
      text: 'Describe the house where you would like to grow old.',
      A: 'A low white house among the dunes, with a boat on the sand and a porch facing the surf.',
      B: 'A steep wooden house among the larches, with skis on the wall and a porch facing the peaks.',
    },
    {
      id: 'first-job',
      text: 'What was your best summer job?',
      A: 'I taught tourists to sail in the bay and hosed the salt off the boats at night.',
      B: 'I carried supplies to huts on the mountain and cleared the rocks off the trail at night.',
    },
    {
      id: 'gift',
      text: 'What could I bring home as a souvenir?',
      A: 'Look for a polished shell or a ship in a bottle from the shop on the quay.',
      B: 'Look for a polished crystal or a carved cowbell from the shop at the cable car.',
    },
    {
      id: 'rescue',
      text: 'How did the rescue happen?',
      A: 'A lifeboat crew rowed through the swell and pulled the crew from the sinking trawler.',
      B: 'A ski patrol dug through the avalanche and pulled the climbers from the buried hut.',
    },
    {
      id: 'silence',
      text: 'Where do you go when you need to think?',
      A: 'I walk along the tide line and let the breakers drown out the noise.',
      B: 'I climb to the high saddle and let the thin air clear out the noise.',
    },
    {
      id: 'movie',
      text: 'What was the film about?',
      A: 'It followed a crew of divers who search for a wreck on the ocean floor.',
      B: 'It followed a team of climbers who search for a route on the north face.',
    },
    {
      id: 'dream',
      text: 'Tell me the dream you had last night.',
      A: 'I was drifting on a raft, and whales rose out of the deep around me.',
      B: 'I was clinging to a ledge, and clouds rose out of the gorge around me.',
    },
    {
      id: 'song',
      text: 'Write one line of a folk song.',
      A: 'Oh, the tide runs out by the harbor wall, and my love is gone to sea.',
      B: 'Oh, the snow lies deep by the mountain wall, and my love is lost on high.',
    },
  ],
  statements: [
    { id: 'c1', A: 'The ferry leaves the harbor at dawn.', B: 'The cable car leaves the valley at dawn.' },
    { id: 'c2', A: 'Waves broke over the reef all night.', B: 'Snow slid down the ridge all night.' },
    {
      id: 'c3',
      A: 'She learned to sail before she could ride a bicycle.',
      B: 'She learned to ski before she could ride a bicycle.',
    },
    {
      id: 'c4',
      A: 'The captain steered the ship between the islands.',
      B: 'The guide led the group between the summits.',
    },
    { id: 'c5', A: 'Gulls circled above the fishing boats.', B: 'Eagles circled above the alpine meadows.' },
    {
      id: 'c6',
      A: 'They found starfish in the pools left by the tide.',
      B: 'They found crystals in the rubble left by the glacier.',
    },
    {
      id: 'c7',
      A: 'A lighthouse marks the end of the cape.',
      B: 'A wooden cross marks the top of the peak.',
    },
    {
      id: 'c8',
      A: 'The beach is widest when the tide is out.',
      B: 'The pass is safest when the snow is firm.',
    },
    { id: 'c9', A: 'Salt spray stung our faces on the deck.', B: 'Icy wind stung our faces on the ridge.' },
    {
      id: 'c10',
      A: 'Divers explored a wreck on the seabed.',
      B: 'Climbers explored a cave below the summit.',
    },
    {
      id: 'c11',
      A: 'The sailors mended their nets on the quay.',
      B: 'The herders mended their fences on the slope.',
    },
    {
      id: 'c12',
      A: 'Fog rolled in from the ocean after lunch.',
      B: 'Clouds spilled over the mountains after lunch.',
    },
    {
      id: 'c13',
      A: 'Our tent stood on a dune close to the surf.',
      B: 'Our tent stood on a ledge close to the glacier.',
    },
    {
      id: 'c14',
      A: 'The anchor held fast in the sandy bottom.',
      B: 'The rope held fast on the granite wall.',
    },
    {
      id: 'c15',
      A: 'Dolphins followed the boat across the bay.',
      B: 'Marmots watched the hikers across the gully.',
    },
    {
      id: 'c16',
      A: 'The current carried the driftwood out to sea.',
      B: 'The avalanche carried the boulders into the valley.',
    },
    { id: 'c17', A: 'He collects shells and bits of coral.', B: 'He collects crystals and bits of granite.' },
    {
      id: 'c18',
      A: 'The coral reef shelters thousands of fish.',
      B: 'The alpine forest shelters hundreds of deer.',
    },
    {
      id: 'c19',
      A: 'Surfers wait beyond the breakers for a good wave.',
      B: 'Skiers wait below the summit for a clear sky.',
    },
    {
      id: 'c20',
      A: 'The old pier creaks whenever the swell comes in.',
      B: 'The old lift creaks whenever the wind picks up.',
    },
    {
      id: 'c21',
      A: 'A steep path leads down to the hidden cove.',
      B: 'A steep path leads up to the hidden hut.',
    },
    {
      id: 'c22',
      A: 'The ship crossed the strait in calm water.',
      B: 'The team crossed the glacier in calm weather.',
    },
    { id: 'c23', A: 'Seals rested on the rocks at low tide.', B: 'Ibex rested on the cliffs at midday.' },
    { id: 'c24', A: 'The island can be reached only by boat.', B: 'The chalet can be reached only on foot.' },
  ],
}
