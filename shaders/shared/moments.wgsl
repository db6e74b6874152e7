// What is averaged under the window: of frame and photo the means μ₁, μ₂ and the moments E₁₁, E₂₂,
// E₁₂, of the three channels.

#import shared/window

struct Moments {
    frame: vec3f,
    photo: vec3f,
    frame_square: vec3f,
    photo_square: vec3f,
    product: vec3f,
}

fn blurred(
    a: Moments, b: Moments, c: Moments, d: Moments, e: Moments, f: Moments, g: Moments,
    h: Moments, i: Moments, j: Moments, k: Moments,
) -> Moments {
    return Moments(
        tap(a.frame, b.frame, c.frame, d.frame, e.frame, f.frame, g.frame, h.frame, i.frame,
            j.frame, k.frame),
        tap(a.photo, b.photo, c.photo, d.photo, e.photo, f.photo, g.photo, h.photo, i.photo,
            j.photo, k.photo),
        tap(a.frame_square, b.frame_square, c.frame_square, d.frame_square, e.frame_square,
            f.frame_square, g.frame_square, h.frame_square, i.frame_square, j.frame_square,
            k.frame_square),
        tap(a.photo_square, b.photo_square, c.photo_square, d.photo_square, e.photo_square,
            f.photo_square, g.photo_square, h.photo_square, i.photo_square, j.photo_square,
            k.photo_square),
        tap(a.product, b.product, c.product, d.product, e.product, f.product, g.product, h.product,
            i.product, j.product, k.product),
    );
}
