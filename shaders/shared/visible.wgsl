// The place of a splat among those that the frame shows.
//
// The importing kernel declares `frame`, `visible_bits` and `block_offsets`.

#import shared/frame

const NOT_VISIBLE: u32 = 0xffffffffu;

// Of splat `thread` of a block, counted over all chunks.
fn place_among_visible(global_block: u32, thread: u32) -> u32 {
    let own_word = thread / 32u;
    let own_bits = visible_bits[global_block * 8u + own_word];
    let own_bit = 1u << (thread % 32u);
    if (own_bits & own_bit) == 0u { return NOT_VISIBLE; }
    var visible = block_offsets[global_block] + countOneBits(own_bits & (own_bit - 1u));
    for (var word = 0u; word < own_word; word += 1u) {
        visible += countOneBits(visible_bits[global_block * 8u + word]);
    }
    return select(NOT_VISIBLE, visible, visible < frame.visible_capacity);
}
