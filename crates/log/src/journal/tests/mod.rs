mod crash;
mod damage;
mod recovery;
mod rounds;
mod support;
mod threads;
