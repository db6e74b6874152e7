//! Where a view goes through the network in parts, the listener is asked between them: what a window
//! draws waits no longer than for a part.

use std::ops::ControlFlow;

use recon::model::{Budget, ModelError, Scan, operations};

use super::{close, load, network, values};

#[test]
fn parts_of_a_view_let_others_have_their_turn() {
    let mut network = network(None, 4);
    let ops = operations(Scan::Autoregressive, 2, 4, 4);
    let run = |network: &recon::model::Network, last: usize| {
        let mut heard = Vec::new();
        let mut tokens = load(network, 0..4);
        let mut memory = network.begin();
        let outcome = network.run_alone(&mut tokens, &mut memory, &ops, &mut |done, total| {
            heard.push((done, total));
            if heard.len() < last {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        });
        (outcome, heard, values(tokens.get(3)))
    };
    let (outcome, whole, expected) = run(&network, usize::MAX);
    outcome.unwrap();
    // 2 layers, 4 views that update and are answered; and each layer's two updates.
    assert_eq!(whole.len(), 2 * (4 + 4 + 2));
    assert_eq!(whole.last(), Some(&(16, 16)));

    // Parts of 4 of the 24 tokens: ten arrays of 128 numbers are alive for each.
    network.budget = Budget {
        step_bytes: 4 * 10 * 128 * 4,
        ..Budget::default()
    };
    let config = &network.config;
    let tokens = network.budget.tokens_at_once(config);
    assert_eq!(tokens, 4);
    let (outcome, parts, found) = run(&network, usize::MAX);
    outcome.unwrap();
    close("in parts", &found, &expected, 1e-4);
    let pieces = 24_usize.div_ceil(tokens);
    // Each part of an update, and each of an answer twice.
    let least = 2 * 4 * (pieces + 2 * pieces);
    assert!(least <= parts.len(), "{} of {least}", parts.len());
    assert!(parts.is_sorted(), "it never goes back");
    assert_eq!(parts.last(), Some(&(16, 16)));

    // Told to end within a view, it ends with that view and asks nothing more.
    for last in 1..parts.len() {
        let (outcome, heard, _) = run(&network, last);
        assert!(matches!(outcome, Err(ModelError::Cancelled)), "{last}");
        assert_eq!(heard.len(), last);
    }
}
