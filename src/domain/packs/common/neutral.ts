import type { NeutralText } from '../../schema.ts'

/** Plain encyclopedic prose on matters nobody votes about: the dose (KL per token) is calibrated on it. */
export const neutralTexts: NeutralText[] = [
  {
    id: 'granite',
    topic: 'geology',
    text: 'Granite is a coarse-grained rock that forms when magma cools slowly deep underground. Its visible crystals are mostly quartz, feldspar and mica.',
  },
  {
    id: 'tides',
    topic: 'oceans',
    text: 'Tides are caused mainly by the pull of the Moon and, to a lesser degree, the Sun. Most coasts see two high tides and two low tides in a little more than a day.',
  },
  {
    id: 'violin',
    topic: 'music',
    text: 'The violin took on its present form in northern Italy during the sixteenth century. Its four strings are tuned in fifths and are usually played with a bow.',
  },
  {
    id: 'sourdough',
    topic: 'food',
    text: 'Sourdough bread rises with the help of wild yeast and bacteria kept alive in a mixture of flour and water. The acids that the bacteria make give the loaf its tang and help it keep.',
  },
  {
    id: 'honeybee',
    topic: 'animals',
    text: 'A honey bee that has found flowers returns to the hive and performs a dance. The angle and length of the dance tell the other bees in which direction to fly and how far.',
  },
  {
    id: 'saturn',
    topic: 'astronomy',
    text: 'Saturn is the sixth planet from the Sun and the second largest in the solar system. Its rings consist of countless pieces of ice and rock, some as small as grains of sand.',
  },
  {
    id: 'printing',
    topic: 'technology',
    text: 'Movable type allows a printer to set a page from separate letters and to use those letters again. In Europe the method spread quickly from Mainz after the middle of the fifteenth century.',
  },
  {
    id: 'glacier',
    topic: 'geology',
    text: 'A glacier forms where more snow falls in winter than melts in summer. Over many years the buried layers turn to dense ice, which flows slowly downhill under its own weight.',
  },
  {
    id: 'chess',
    topic: 'games',
    text: 'Chess is played by two people on a board of sixty-four squares. Each side begins with sixteen pieces, and the game ends when a king is attacked and cannot escape.',
  },
  {
    id: 'photosynthesis',
    topic: 'biology',
    text: 'In photosynthesis, plants use the energy of light to turn carbon dioxide and water into sugar. Oxygen is released as a by-product through small pores in the leaves.',
  },
  {
    id: 'lighthouse',
    topic: 'buildings',
    text: 'Before electric lamps, lighthouse keepers burned oil and trimmed the wicks by hand through the night. Large glass lenses gathered the light into a beam that ships could see from far away.',
  },
  {
    id: 'octopus',
    topic: 'animals',
    text: 'An octopus has three hearts and blue blood, which carries oxygen with a protein that contains copper. It can change the color and texture of its skin within a second.',
  },
  {
    id: 'paper',
    topic: 'technology',
    text: 'Paper is made by pressing moist plant fibers together and drying them into sheets. Early papermakers used bark, hemp and rags; most modern paper comes from wood pulp.',
  },
  {
    id: 'rainbow',
    topic: 'physics',
    text: 'A rainbow appears when sunlight is bent and reflected inside drops of water. The observer always stands with the Sun behind and the rain in front.',
  },
  {
    id: 'marathon',
    topic: 'sport',
    text: 'The marathon is a road race of a little over forty-two kilometers. The present distance was first run at the London games of 1908 and was fixed as the standard in 1921.',
  },
  {
    id: 'silk',
    topic: 'crafts',
    text: 'Silk is spun by the caterpillar of a moth that feeds on mulberry leaves. A single cocoon may contain a thread several hundred meters long, which is unwound in warm water.',
  },
  {
    id: 'volcano',
    topic: 'geology',
    text: 'The shape of a volcano depends on the kind of lava that feeds it. Thin lava flows far and builds broad, gentle slopes, while thick lava piles up into steep cones.',
  },
  {
    id: 'piano',
    topic: 'music',
    text: 'A piano makes its sound when small felt hammers strike tightly stretched strings. Pressing a key gently or firmly changes how loud the note is, which earlier keyboard instruments could not do well.',
  },
  {
    id: 'cork',
    topic: 'plants',
    text: 'Cork is the bark of an oak that grows around the western Mediterranean. The bark is stripped by hand about every nine years, and the tree goes on living.',
  },
  {
    id: 'comet',
    topic: 'astronomy',
    text: 'A comet is a small body of ice and dust that grows a glowing tail when it nears the Sun. The tail points away from the Sun, whichever way the comet is moving.',
  },
  {
    id: 'bicycle',
    topic: 'technology',
    text: 'The modern bicycle, with two wheels of equal size and a chain to the rear one, appeared in the 1880s. Air-filled tires followed soon after and made riding far more comfortable.',
  },
  {
    id: 'salmon',
    topic: 'animals',
    text: 'Salmon hatch in fresh water, spend most of their lives at sea and return to breed. Many find the very stream in which they hatched, guided in part by its smell.',
  },
  {
    id: 'glass',
    topic: 'materials',
    text: 'Glass is made by melting sand with soda and lime and cooling it so that no crystals form. Small amounts of metals give it color: cobalt turns it blue, and iron turns it green.',
  },
  {
    id: 'sahara',
    topic: 'geography',
    text: 'The Sahara is the largest hot desert in the world and reaches across northern Africa. Only about a quarter of it is covered by sand dunes; the rest is gravel, rock and dry valleys.',
  },
  {
    id: 'english-words',
    topic: 'language',
    text: 'English has borrowed words from many languages over its long history. Names for farm animals tend to be old English, while those for their meat often came from French.',
  },
  {
    id: 'compass',
    topic: 'navigation',
    text: 'A magnetic compass points toward the magnetic north pole, which does not lie exactly at the geographic one. Sailors therefore correct their readings by an angle that varies from place to place.',
  },
  {
    id: 'tea',
    topic: 'food',
    text: 'Green, black and oolong tea all come from the leaves of the same plant. They differ mainly in how long the leaves are left to oxidize before they are dried.',
  },
  {
    id: 'pendulum',
    topic: 'physics',
    text: 'The time that a pendulum takes to swing depends on its length and hardly on the width of its swing. This made it useful for regulating clocks from the seventeenth century on.',
  },
  {
    id: 'owl',
    topic: 'animals',
    text: 'Many owls have one ear set a little higher than the other. The slight difference in when and how a sound arrives lets them find prey in complete darkness.',
  },
  {
    id: 'concrete',
    topic: 'materials',
    text: 'Concrete is a mixture of cement, water, sand and crushed stone that hardens over days and weeks. Roman builders added volcanic ash, which let some of their harbor walls set under water.',
  },
  {
    id: 'origami',
    topic: 'crafts',
    text: 'Origami is the folding of paper into figures, traditionally from one square sheet without cutting or glue. A paper crane is among the best-known designs.',
  },
  {
    id: 'amber',
    topic: 'geology',
    text: 'Amber is tree resin that has hardened over millions of years. Insects caught in the sticky resin are sometimes preserved in fine detail.',
  },
  {
    id: 'hummingbird',
    topic: 'animals',
    text: 'Hummingbirds can hover in place by beating their wings dozens of times a second. They feed on nectar and small insects and must eat often during the day.',
  },
  {
    id: 'library',
    topic: 'books',
    text: 'Libraries arrange their books by subject so that readers can find related works side by side. One widely used scheme divides all knowledge into ten classes with numbers from 000 to 999.',
  },
  {
    id: 'salt',
    topic: 'food',
    text: 'Table salt is obtained by evaporating seawater or by mining beds left behind by ancient seas. Its crystals are small cubes that dissolve readily in water.',
  },
  {
    id: 'eclipse',
    topic: 'astronomy',
    text: 'A total eclipse of the Sun can be seen only from a narrow strip of the Earth. For a few minutes the Moon hides the bright disk, and the faint outer atmosphere becomes visible.',
  },
  {
    id: 'mosaic',
    topic: 'art',
    text: 'A mosaic is a picture made from small pieces of stone, glass or tile set in mortar. Ancient floors in many lands were decorated with patterns, animals and scenes of daily life.',
  },
  {
    id: 'baobab',
    topic: 'plants',
    text: 'Baobab trees store large amounts of water in their thick trunks and shed their leaves in the dry season. Their white flowers open in the evening and are visited by bats.',
  },
  {
    id: 'zipper',
    topic: 'technology',
    text: 'A zipper joins two rows of small teeth with a slider that presses them together. The design in use today was developed in the early twentieth century and was first sold for boots and pouches.',
  },
  {
    id: 'lake-baikal',
    topic: 'geography',
    text: 'Lake Baikal in Siberia is the deepest lake in the world, with a depth of more than 1,600 meters. It holds about a fifth of all the unfrozen fresh water on the surface of the Earth.',
  },
]
