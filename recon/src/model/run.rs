//! A reconstruction in progress: what was seen, and what is done with the next chunk.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

use burn::tensor::Tensor;
use glam::DAffine3;
use render::Splats;

use super::ModelError;
use super::config::Scan;
use super::extract::{Extracted, Seen, append, drop_broken, extract_from};
use super::kept_scene::{KeptScene, KeptView};
use super::network::{Listener, Network, operations};
use super::reconstruct::{Chunk, Mode, ReconstructConfig, ReconstructListener, ReconstructUpdate};
use super::scene_frame::SceneFrame;
use super::sharing::{Sharing, Spread};
use super::stereo::{Shot, hints};
use super::stream::Stream;
use super::views::{InputLoader, InputView, usable};
use crate::dataset::{Dataset, Split};

/// What there is of a scene.
pub(super) struct Run<'a> {
    config: &'a ReconstructConfig,
    /// The first, which tells what all of them are.
    network: &'a Network,
    sharing: Sharing<'a>,
    listener: ReconstructListener<'a>,
    loader: InputLoader,
    /// Views that a kept scene has seen: asked for again, never learnt from.
    recalled: Vec<usize>,
    /// The views that take part beside them, as indices into the dataset's.
    order: Vec<usize>,
    /// How many of them had their turn.
    taken: usize,
    /// Those that had and could be read. Colours are kept only where they are asked for again.
    inputs: Vec<InputView>,
    /// Those that could not be read.
    unread: Vec<usize>,
    /// The network's frame where it stays as it is.
    frame: Option<SceneFrame>,
    /// The fast weights, where they are kept.
    stream: Stream<'a>,
    /// The views that they have seen.
    learnt: Vec<KeptView>,
    /// Splats of earlier chunks, the dataset's coordinates, where they are kept.
    merged: Splats,
    chunks: usize,
    /// Splats were told of.
    is_shown: bool,
    has_grown: bool,
}

impl<'a> Run<'a> {
    /// With nothing seen, or with what a kept scene has.
    ///
    /// # Errors
    /// Where there is no view to begin with, and where the dataset is not the kept scene's.
    pub(super) fn new(
        dataset: &Arc<Dataset>,
        config: &'a ReconstructConfig,
        sharing: Sharing<'a>,
        kept: Option<KeptScene>,
        listener: ReconstructListener<'a>,
    ) -> Result<Self, ModelError> {
        let network = sharing.of_view(0);
        let recalled = kept.as_ref().map(|it| it.find_in(dataset)).transpose()?;
        let recalled = recalled.unwrap_or_default();
        let choice = &config.choice;
        let mut order = choice.choose_unseen(dataset, config.views, &recalled)?;
        let is_at_once = config.mode == Mode::Full && network.config.scan == Scan::Full;
        if !is_at_once {
            order.sort_unstable(); // as they were taken
        }
        let frame = kept.as_ref().map(KeptScene::frame);
        let (memory, learnt) = match kept {
            Some(kept) => (kept.memory, kept.seen),
            None => (network.begin(), Vec::new()),
        };
        Ok(Self {
            config,
            network,
            sharing,
            listener,
            loader: InputLoader::new(dataset.clone(), &network.config, config.background),
            recalled,
            order,
            taken: 0,
            inputs: Vec::new(),
            unread: Vec::new(),
            frame,
            stream: Stream::resume(network, memory),
            learnt,
            merged: Splats {
                sh_degree: network.config.sh_degree,
                ..Splats::default()
            },
            chunks: 0,
            is_shown: false,
            has_grown: false,
        })
    }

    /// Chunk after chunk, as long as there are views.
    pub(super) fn all(
        mut self,
        more: &mut dyn FnMut() -> Option<Arc<Dataset>>,
    ) -> Result<(), ModelError> {
        while self.lacks_scale()
            && let Some(grown) = more()
        {
            self.grow(&grown)?;
        }
        if self.lacks_scale() {
            self.warn(
                "all photos were taken from one place, so that nothing says how large the scene \
                 is: one unit of the dataset is one of the network's. Add photos from other places"
                    .to_owned(),
            )?;
        }
        self.recall()?;
        loop {
            while self.taken < self.order.len() {
                self.chunk()?;
            }
            if !self.is_shown && !self.inputs.is_empty() {
                self.draw_again()?;
            }
            match more() {
                Some(grown) => self.grow(&grown)?,
                None => break,
            }
        }
        if self.inputs.is_empty() {
            return Err(ModelError::Views(format!(
                "none of the {} chosen photos of \u{201c}{}\u{201d} can be read: the warnings say why",
                self.order.len(),
                self.loader.dataset().name
            )));
        }
        Ok(())
    }

    /// Whether nothing says how large the scene is.
    fn lacks_scale(&self) -> bool {
        self.frame.is_none() && self.frame_of(self.order.len()).is_scale_unknown
    }

    /// Decodes the photos that a kept scene was made of.
    fn recall(&mut self) -> Result<(), ModelError> {
        let dataset = self.loader.dataset();
        let is_used = |i: &usize| dataset.views.get(*i).is_some_and(|it| !it.ignored);
        let views: Vec<usize> = self.recalled.iter().copied().filter(is_used).collect();
        self.read(&views)?;
        self.unread.clear(); // What was learnt from them stays; they are not learnt again.
        if self.inputs.is_empty() {
            return Ok(()); // the first chunk decides the frame
        }
        let frame = self.frame();
        self.compare(&frame)
    }

    /// The splats of a kept scene to which nothing was added.
    fn draw_again(&mut self) -> Result<(), ModelError> {
        let begun = Instant::now();
        let frame = self.frame();
        let tokens = Spread::new(self.sharing);
        let index = self.chunks;
        self.chunks += 1;
        self.present(index, &tokens, self.inputs.len(), &frame, begun)
    }

    /// The next chunk's photos, what they do to the fast weights, the splats.
    fn chunk(&mut self) -> Result<(), ModelError> {
        let begun = Instant::now();
        let mode = self.config.mode;
        let begin = self.taken;
        self.taken = match mode {
            Mode::Full => self.order.len(),
            _ => (begin + self.config.chunk).min(self.order.len()),
        };
        let frame = self.frame();
        let begin = match mode {
            Mode::Full => {
                self.inputs.clear();
                self.unread.clear();
                0
            }
            _ => begin,
        };
        let earlier = self.inputs.len();
        let views = self.order[begin..self.taken].to_vec();
        self.read(&views)?;
        let index = self.chunks;
        self.chunks += 1;
        if self.inputs.len() == earlier {
            return Ok(()); // none of them could be read
        }
        self.compare(&frame)?;
        let mut tokens = Spread::new(self.sharing);
        let first = match mode {
            Mode::Replay => 0,
            Mode::Full | Mode::Causal | Mode::Merge => earlier,
        };
        for input in &self.inputs[first..] {
            tokens.push(tokenise(tokens.next_network(), input, &frame))?;
        }
        self.forget_photos();
        self.run(&tokens)?;
        let dataset = self.loader.dataset();
        let new = self.inputs[earlier..].iter().map(|it| KeptView {
            name: dataset.views[it.view].name.clone(),
            c2w: it.c2w,
        });
        self.learnt.extend(new);
        self.present(index, &tokens, earlier, &frame, begun)
    }

    /// Tells what chunk `index` came to; `tokens` are those of all inputs but the `earlier` ones, or
    /// of all.
    fn present(
        &mut self,
        index: usize,
        tokens: &Spread<'_>,
        earlier: usize,
        frame: &SceneFrame,
        begun: Instant,
    ) -> Result<(), ModelError> {
        let mode = self.config.mode;
        let splats = self.splats(tokens, earlier, frame)?;
        self.is_shown = true;
        let chunk = Chunk {
            index,
            of: (!self.has_grown).then(|| match mode {
                Mode::Full => 1,
                _ => self.order.len().div_ceil(self.config.chunk).max(1),
            }),
            views_seen: self.inputs.iter().map(|it| it.view).collect(),
            splats,
            secs: begun.elapsed().as_secs_f32(),
            kept: (mode == Mode::Causal).then(|| {
                Box::new(KeptScene {
                    memory: self.stream.memory().clone(),
                    network_from_dataset: frame.network_from_dataset,
                    seen: self.learnt.clone(),
                })
            }),
        };
        self.tell(ReconstructUpdate::Chunk(chunk))
    }

    /// Decodes photos and puts them behind others.
    fn read(&mut self, views: &[usize]) -> Result<(), ModelError> {
        let loader = self.loader.clone();
        let (mut done, total) = (0, views.len() as u64);
        let mut outcome = Ok(());
        let flow = loader.for_each(views, &mut |view, loaded| {
            done += 1;
            outcome = match loaded {
                Err(err) => {
                    self.unread.push(view);
                    let why = format!("the network does not see a photo: {err}");
                    self.warn(why)
                }
                Ok(input) => {
                    self.inputs.push(input);
                    Ok(())
                }
            };
            if outcome.is_err() {
                return ControlFlow::Break(());
            }
            (self.listener)(step("Reading photos", done, total))
        });
        outcome?;
        if flow.is_break() {
            return Err(ModelError::Cancelled);
        }
        Ok(())
    }

    /// What the photos say of each other, for networks that take hints: anew for all of them, as
    /// later ones tell of earlier ones too.
    fn compare(&mut self, frame: &SceneFrame) -> Result<(), ModelError> {
        let Some(stereo) = &self.network.config.stereo else {
            return Ok(());
        };
        let count = self.inputs.len() as u64;
        self.tell(step("Comparing photos", 0, count))?;
        let colours: Vec<Vec<[f32; 3]>> = self.inputs.iter().map(InputView::colours).collect();
        let shots = self.inputs.iter().zip(&colours).map(|(input, rgb)| Shot {
            camera: frame.camera(&input.c2w, input.lens),
            rgb,
        });
        let shots: Vec<Shot<'_>> = shots.collect();
        let found = hints(&shots, self.network.grid(), stereo);
        for (input, hint) in self.inputs.iter_mut().zip(found) {
            input.hint = Some(hint);
        }
        self.tell(step("Comparing photos", count, count))
    }

    /// Lets go of colours that nobody asks for again.
    fn forget_photos(&mut self) {
        let is_seen_again = matches!(self.config.mode, Mode::Replay | Mode::Causal)
            || self.network.config.decodes_with_photo();
        if !is_seen_again {
            for input in &mut self.inputs {
                input.rgb = Vec::new();
            }
        }
    }

    /// From the chunk's tokens (in [`Mode::Full`] and [`Mode::Replay`] those of all inputs) to
    /// their last ones.
    fn run(&mut self, tokens: &Spread<'_>) -> Result<(), ModelError> {
        let network = self.network;
        let listener = &mut *self.listener;
        let mut hear = |done, total| listener(step("The network looks at photos", done, total));
        let (scan, chunk) = match self.config.mode {
            Mode::Full => (network.config.scan, network.config.chunk_views),
            Mode::Replay => (Scan::Autoregressive, self.config.chunk),
            Mode::Causal | Mode::Merge => {
                return self.stream.push(&mut tokens.of_rank(0), &mut hear);
            }
        };
        let ops = operations(scan, chunk, tokens.len(), tokens.len());
        tokens.run(&ops, &mut hear)
    }

    /// All splats there are, in the dataset's coordinates; `tokens` are the last ones of the views
    /// that this chunk ran on.
    ///
    /// In [`Mode::Causal`] earlier views are asked again here. As many of their tokens as there is
    /// room for are kept until all opacities are known; the others' are asked for a second time.
    fn splats(
        &mut self,
        tokens: &Spread<'_>,
        earlier: usize,
        frame: &SceneFrame,
    ) -> Result<Splats, ModelError> {
        let (network, stream, inputs) = (self.network, &self.stream, &self.inputs);
        let first = match self.config.mode {
            Mode::Merge => earlier,
            Mode::Full | Mode::Replay | Mode::Causal => 0,
        };
        let views = inputs[first..].iter().map(|it| Seen {
            camera: frame.camera(&it.c2w, it.lens),
            counts: it.counts.as_deref(),
            rgb: (!it.rgb.is_empty()).then_some(&it.rgb),
            hint: it.hint.as_ref(),
        });
        let views: Vec<Seen<'_>> = views.collect();
        let asked = views.len() - tokens.len();
        let room = room(network, tokens.len());
        let mut kept: Vec<Tensor<2>> = Vec::new();
        let mut source = |view: usize, hear: Listener<'_>| {
            if asked <= view {
                return Ok(tokens.get(view - asked));
            }
            if let Some(tokens) = kept.get(view) {
                return Ok(tokens.clone());
            }
            let tokens = stream.query(tokenise(network, &inputs[view], frame), hear)?;
            if kept.len() == view && view < room {
                kept.push(tokens.clone());
            }
            Ok(tokens)
        };
        let listener = &mut *self.listener;
        let Extracted { splats, broken } = extract_from(
            self.sharing,
            &mut source,
            &views,
            inputs.len(),
            self.config.seed as u32,
            &mut |done, total| listener(step("Making splats", done, total)),
        )?;
        let mut splats = frame.bring_back(splats);
        let broken = broken + drop_broken(&mut splats);
        if 0 < broken {
            self.warn(format!(
                "{broken} splats are left out: the network's numbers for them are not finite. Are \
                 these the weights of this network?"
            ))?;
        }
        if self.config.mode != Mode::Merge {
            return Ok(splats);
        }
        append(&mut self.merged, splats);
        Ok(self.merged.clone())
    }

    /// The network's frame for the chunk that is on.
    fn frame(&mut self) -> SceneFrame {
        match self.config.mode {
            Mode::Full => self.frame_of(self.order.len()),
            Mode::Replay => self.frame_of(self.taken),
            Mode::Causal | Mode::Merge => {
                let frame = self.frame;
                let frame = frame.unwrap_or_else(|| self.frame_of(self.order.len()));
                self.frame = Some(frame);
                frame
            }
        }
    }

    /// That of the first `count` cameras.
    fn frame_of(&self, count: usize) -> SceneFrame {
        let dataset = self.loader.dataset();
        let targets = self
            .config
            .with_targets
            .then(|| usable(dataset, Split::HeldOut));
        let inputs = self.order.iter().take(count).copied();
        let views = inputs.chain(targets.into_iter().flatten());
        let cameras: Vec<DAffine3> = views.map(|i| dataset.views[i].c2w).collect();
        SceneFrame::new(self.network.config.frame, &cameras)
    }

    /// New views take part from now on, and what could not be read is tried again.
    fn grow(&mut self, grown: &Arc<Dataset>) -> Result<(), ModelError> {
        let before = &self.loader.dataset().views;
        let is_same = before.len() <= grown.views.len()
            && before
                .iter()
                .zip(&grown.views)
                .all(|(a, b)| a.name == b.name);
        if !is_same {
            return Err(ModelError::Views(format!(
                "\u{201c}{}\u{201d} has lost photos, or their order has changed, while it was watched. Begin anew",
                grown.name
            )));
        }
        let first = before.len();
        if self.config.mode != Mode::Full {
            let mut again = std::mem::take(&mut self.unread);
            self.order.retain(|it| !again.contains(it));
            self.taken = self.taken.min(self.order.len());
            again.dedup();
            self.order.append(&mut again);
        }
        let new = usable(grown, Split::Train).filter(|i| first <= *i);
        self.order.extend(new);
        self.loader = InputLoader::new(grown.clone(), &self.network.config, self.config.background);
        self.has_grown = true;
        Ok(())
    }

    fn warn(&mut self, what: String) -> Result<(), ModelError> {
        self.tell(ReconstructUpdate::Warned(what))
    }

    fn tell(&mut self, update: ReconstructUpdate) -> Result<(), ModelError> {
        match (self.listener)(update) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(ModelError::Cancelled),
        }
    }
}

fn tokenise(network: &Network, input: &InputView, frame: &SceneFrame) -> Tensor<2> {
    let camera = frame.camera(&input.c2w, input.lens);
    network.tokenise(&camera, &input.colours(), input.hint.as_ref())
}

/// Views whose tokens may stay on the device beside those of `taken` others.
fn room(network: &Network, taken: usize) -> usize {
    let config = &network.config;
    let a_view = config.tokens_per_view() * config.dim * size_of::<f32>();
    let views = network.budget.stream_bytes / a_view.max(1) as u64;
    usize::try_from(views)
        .unwrap_or(usize::MAX)
        .saturating_sub(taken)
}

fn step(what: &str, done: u64, total: u64) -> ReconstructUpdate {
    ReconstructUpdate::Preparing {
        what: what.to_owned(),
        done,
        total,
    }
}
