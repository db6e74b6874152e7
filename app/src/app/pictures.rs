//! Photos for the window, decoded on a thread of their own: small copies for the film strip, and
//! the one that is compared.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};

use eframe::egui::{self, ColorImage, TextureOptions};
use recon::dataset::{Dataset, camera_of};
use recon::io::photo::{AlphaUse, PhotoLoader, PhotoOptions, TargetSize};

use crate::compare::{SeenPhoto, over_background};
use crate::film::{Film, THUMBNAIL_SIDE};

/// Bytes of photos at their comparing size that are kept decoded.
const CACHE_BYTES: usize = 128 << 20;

/// How the compared photo is wanted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Wish {
    pub(super) view: usize,
    pub(super) options: PhotoOptions,
    pub(super) background: [f32; 3],
}

/// A photo that came, or why it did not.
pub(super) type Come = (Wish, Result<Arc<SeenPhoto>, String>);

enum Request {
    Thumbnails(Vec<usize>),
    Photo(Wish),
}

enum Answer {
    Thumbnail(usize, Option<ColorImage>),
    Photo(Wish, Result<SeenPhoto, String>),
}

/// The thread's other end. Dropping it ends the thread after the photo at hand.
#[derive(Debug)]
pub(super) struct Pictures {
    requests: Sender<Request>,
    answers: Receiver<Answer>,
    /// The newest wish; answers to others are late.
    wish: Option<Wish>,
}

impl Pictures {
    /// Of a dataset's views; `None` where the system grants no thread.
    pub(super) fn new(ctx: &egui::Context, dataset: &Arc<Dataset>) -> Option<Self> {
        let (requests, inbox) = channel();
        let (outbox, answers) = channel();
        let desk = Desk::new(dataset.clone(), outbox, ctx.clone());
        let thread = std::thread::Builder::new().name("photos".to_owned());
        thread
            .spawn(move || desk.run(&inbox))
            .inspect_err(|err| log::warn!("no thread for photos: {err}"))
            .ok()?;
        Some(Self {
            requests,
            answers,
            wish: None,
        })
    }

    /// Asks for small copies that the strip lacks.
    pub(super) fn ask_for_thumbnails(&self, film: &mut Film, views: usize) {
        let missing = film.missing(views);
        if !missing.is_empty() {
            film.asked.extend(missing.iter().copied());
            self.requests.send(Request::Thumbnails(missing)).ok();
        }
    }

    /// Asks for a photo, unless it was the last that was asked for.
    pub(super) fn ask_for_photo(&mut self, wish: Wish) {
        if self.wish != Some(wish) {
            self.wish = Some(wish);
            self.requests.send(Request::Photo(wish)).ok();
        }
    }

    /// No photo is waited for.
    pub(super) fn forget(&mut self) {
        self.wish = None;
    }

    /// Takes what has come: small copies into the strip, and the photo of the newest wish.
    pub(super) fn take(&mut self, ctx: &egui::Context, film: &mut Film) -> Option<Come> {
        let mut come = None;
        for answer in self.answers.try_iter() {
            match answer {
                Answer::Thumbnail(view, image) => {
                    film.asked.remove(&view);
                    match image {
                        Some(image) => {
                            let name = format!("photo {view}");
                            let texture = ctx.load_texture(name, image, TextureOptions::LINEAR);
                            film.thumbnails.insert(view, texture);
                        }
                        None => {
                            film.failed.insert(view);
                        }
                    }
                }
                Answer::Photo(wish, photo) if self.wish == Some(wish) => {
                    come = Some((wish, photo.map(Arc::new)));
                }
                Answer::Photo(..) => {}
            }
        }
        come
    }
}

/// What lives on the thread.
struct Desk {
    dataset: Arc<Dataset>,
    outbox: Sender<Answer>,
    ctx: egui::Context,
    small: PhotoLoader,
    /// The loader of the last comparing options.
    seen: Option<PhotoLoader>,
    thumbnails: VecDeque<usize>,
    wish: Option<Wish>,
    photos: u64,
}

impl Desk {
    fn new(dataset: Arc<Dataset>, outbox: Sender<Answer>, ctx: egui::Context) -> Self {
        // Nobody looks at the bend of a line in a small copy.
        let options = PhotoOptions {
            alpha: AlphaUse::Transparency,
            size: TargetSize::MaxSide(THUMBNAIL_SIDE),
            undistort: false,
            masks: false,
            ..PhotoOptions::default()
        };
        Self {
            small: PhotoLoader::new(dataset.clone(), options, 0),
            dataset,
            outbox,
            ctx,
            seen: None,
            thumbnails: VecDeque::new(),
            wish: None,
            photos: 0,
        }
    }

    fn run(mut self, inbox: &Receiver<Request>) {
        loop {
            loop {
                let is_idle = self.wish.is_none() && self.thumbnails.is_empty();
                let request = if is_idle {
                    inbox.recv().map_err(|_| TryRecvError::Disconnected)
                } else {
                    inbox.try_recv()
                };
                match request {
                    Ok(request) => self.note(request),
                    Err(TryRecvError::Empty) => break,
                    Err(TryRecvError::Disconnected) => return,
                }
            }
            // The photo that somebody waits for comes first.
            let answer = if let Some(wish) = self.wish.take() {
                let photo = self.photo(&wish);
                Answer::Photo(wish, photo)
            } else if let Some(view) = self.thumbnails.pop_front() {
                Answer::Thumbnail(view, self.thumbnail(view))
            } else {
                continue;
            };
            if self.outbox.send(answer).is_err() {
                return;
            }
            self.ctx.request_repaint();
        }
    }

    fn note(&mut self, request: Request) {
        match request {
            Request::Photo(wish) => self.wish = Some(wish),
            // The newest are those that are seen now.
            Request::Thumbnails(views) => {
                for view in views.into_iter().rev() {
                    self.thumbnails.push_front(view);
                }
            }
        }
    }

    fn thumbnail(&self, view: usize) -> Option<ColorImage> {
        let photo = self.small.load(view).ok()?;
        let size = [photo.width as usize, photo.height as usize];
        let mut rgba = photo.rgba.clone();
        over_background(&mut rgba, None, [0.0; 3]);
        Some(ColorImage::from_rgba_unmultiplied(size, &rgba))
    }

    fn photo(&mut self, wish: &Wish) -> Result<SeenPhoto, String> {
        let is_same = |it: &PhotoLoader| it.options() == wish.options;
        let loader = match self.seen.take().filter(is_same) {
            Some(loader) => loader,
            None => PhotoLoader::new(self.dataset.clone(), wish.options, CACHE_BYTES),
        };
        let photo = loader.load(wish.view).map_err(|it| it.to_string());
        self.seen = Some(loader);
        let photo = photo?;
        let view = self.dataset.views.get(wish.view);
        let view = view.ok_or("this photo is not there any longer")?;
        let mut rgba = photo.rgba.clone();
        over_background(&mut rgba, photo.mask.as_deref(), wish.background);
        self.photos += 1;
        Ok(SeenPhoto {
            id: self.photos,
            size: [photo.width, photo.height],
            rgba,
            camera: camera_of(view, &photo.lens),
            background: wish.background,
        })
    }
}
