//! The layer with fast weights by itself: every quantity of every update, for four lists of
//! operations.

use burn::tensor::{Device, Tensor};
use recon::model::Elastic;
use recon::model::fast_weights::{FastWeights, UpdateOptions, apply};
use recon::model::layers::{Memory, answer, ask, memorise};
use recon::model::newton_schulz::{Precision, orthogonalise};
use recon::model::weights::LactWeights;
use tests::fixtures::Tensors;

use super::{agree, golden, matrix};

const OPTIONS: UpdateOptions = UpdateOptions {
    steps: 5,
    precision: Precision::F32,
};

/// An operation on tokens begin … end: begin, end, update, commit, apply.
type Step = (usize, usize, bool, bool, bool);

fn weights(file: &Tensors, device: &Device) -> LactWeights {
    let of = |name: &str| matrix(file, &format!("param/{name}"), device);
    LactWeights {
        norm: Tensor::ones([1, 32], device),
        slow: [of("w0"), of("w1"), of("w2")],
        to_qkv: of("to_qkv.weight"),
        project: of("c_proj.weight"),
        rates: of("lr_fc.weight"),
        rates_bias: of("lr_fc.bias"),
        out_norm: of("o_norm.weight"),
    }
}

/// Goes through the steps and compares all on the way.
fn check(case: &str, steps: &[Step], elastic: Option<Elastic>) {
    const TOLERANCE: f64 = 3e-5;
    let Some(file) = golden(case) else {
        return;
    };
    let device = Device::flex();
    let weights = weights(&file, &device);
    let x = matrix(&file, "in/x", &device);
    let q = ask(x.clone(), &weights);
    let Memory { k, v, rates } = memorise(&x, &weights);
    let close = |ours: Tensor<2>, name: &str| {
        agree(ours, &file, &format!("ref/{name}"), TOLERANCE);
    };
    close(q.clone(), "q");
    close(k.clone(), "k");
    close(v.clone(), "v");
    for i in 0..3 {
        close(rates.clone().narrow(1, i, 1), &format!("lr{i}"));
    }
    let mut fast = FastWeights::new(&weights.slow, elastic);
    let mut found = Vec::new();
    let mut updates = 0;
    for (begin, end, update, commit, is_applied) in steps.iter().copied() {
        let part = |it: &Tensor<2>| it.clone().narrow(0, begin, end - begin);
        let mut current = fast.current.clone();
        if update {
            let gradient = fast.gradient(&part(&k), &part(&v), &part(&rates));
            for (i, gradient) in gradient.iter().enumerate() {
                close(gradient.clone(), &format!("update{updates}.grad_w{i}"));
                let direction = orthogonalise(gradient.clone(), 5, Precision::F32);
                close(direction, &format!("update{updates}.ns_w{i}"));
            }
            current = fast.candidate(gradient, OPTIONS);
            if commit {
                fast.commit(current.clone());
                for (i, w) in fast.current.iter().enumerate() {
                    close(w.clone(), &format!("after_update{updates}.w{i}"));
                }
            }
            updates += 1;
        }
        if is_applied {
            found.push(apply(&current, &part(&q)));
        }
    }
    let found = Tensor::cat(found, 0);
    close(found.clone(), "apply_out");
    close(answer(found, &weights), "out");
}

#[test]
fn one_update_from_all_inputs() {
    let steps = [
        (0, 80, true, true, false),
        (0, 80, false, false, true),
        (80, 120, false, false, true),
    ];
    check("a_lact_full", &steps, None);
}

/// Four updates in a row from fewer tokens than a token is wide.
const CHUNKS: [Step; 5] = [
    (0, 20, true, true, false),
    (20, 40, true, true, false),
    (40, 60, true, true, false),
    (60, 80, true, true, false),
    (0, 120, false, false, true),
];

#[test]
fn one_update_a_chunk() {
    check("a_lact_ar", &CHUNKS, None);
}

#[test]
fn the_selective_update() {
    check("a_lact_elastic", &CHUNKS, Some(Elastic::default()));
}

#[test]
fn an_update_that_is_applied_at_once_and_one_that_is_not_kept() {
    let steps = [
        (0, 40, true, true, true),
        (40, 80, true, false, true),
        (80, 120, false, false, true),
    ];
    check("a_lact_mixed_ops", &steps, None);
}

#[test]
fn parts_of_a_gradient_add_up_to_the_whole() {
    let device = Device::flex();
    let random = |shape: [usize; 2]| {
        Tensor::<2>::random(shape, burn::tensor::Distribution::Normal(0.0, 1.0), &device)
    };
    let slow = [random([8, 16]), random([16, 8]), random([8, 16])];
    let fast = FastWeights::new(&slow, None);
    let (k, v, rates) = (random([10, 8]), random([10, 8]), random([10, 3]));
    let part = |it: &Tensor<2>, begin, count| it.clone().narrow(0, begin, count);
    let of = |begin, count| {
        let [k, v, rates] = [&k, &v, &rates].map(|it| part(it, begin, count));
        fast.gradient(&k, &v, &rates)
    };
    let (whole, first, second) = (of(0, 10), of(0, 7), of(7, 3));
    for i in 0..3 {
        let sum = super::numbers(first[i].clone() + second[i].clone());
        let error = super::relative(&sum, &super::numbers(whole[i].clone()));
        assert!(error < 1e-6, "{error}");
    }
}
