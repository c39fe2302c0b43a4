/**
 * The one door to C: koffi, configured before any library is loaded. Its default stack for asynchronous
 * calls (128 KiB) overflows in the tensor engine, and the setting cannot be changed after the first load.
 */

import koffi from 'koffi'

koffi.config({ async_stack_size: 8 << 20 })

export default koffi
