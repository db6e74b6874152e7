// How SSIM changes with μ₁, E₁₁ and E₁₂, of the three channels, and these under the window.

#import shared/window

struct Slopes {
    mean: vec3f,
    square: vec3f,
    product: vec3f,
}

fn blurred(
    a: Slopes, b: Slopes, c: Slopes, d: Slopes, e: Slopes, f: Slopes, g: Slopes, h: Slopes,
    i: Slopes, j: Slopes, k: Slopes,
) -> Slopes {
    return Slopes(
        tap(a.mean, b.mean, c.mean, d.mean, e.mean, f.mean, g.mean, h.mean, i.mean, j.mean, k.mean),
        tap(a.square, b.square, c.square, d.square, e.square, f.square, g.square, h.square,
            i.square, j.square, k.square),
        tap(a.product, b.product, c.product, d.product, e.product, f.product, g.product, h.product,
            i.product, j.product, k.product),
    );
}
