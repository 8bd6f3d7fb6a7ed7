// SPDX-License-Identifier: LGPL-2.1-or-later
// Bars and pictures move the video; the video moves the line. Without it the
// page is complete all the same.
const video = document.getElementById('video');
const time = document.querySelector('.time');
const line = document.querySelector('.head');
const scroll = document.querySelector('.scroll');

function follow() {
  const share = video.currentTime / Number(time.dataset.duration);
  time.style.setProperty('--now', Math.min(share, 1));
  time.classList.add('live');
}

function frame() {
  follow();
  scroll.scrollLeft = line.offsetLeft - scroll.clientWidth / 2;
  if (!video.paused)
    requestAnimationFrame(frame);
}

// page.html#t=12.5 is a moment of the video.
function jump() {
  const moment = /^#t=([\d.]+)$/.exec(location.hash);
  if (moment)
    video.currentTime = Number(moment[1]);
}

if (video) {
  video.addEventListener('loadedmetadata', jump);
  window.addEventListener('hashchange', jump);
  video.addEventListener('play', frame);
  video.addEventListener('timeupdate', follow);
  for (const link of document.querySelectorAll('[data-t]'))
    link.addEventListener('click', event => {
      event.preventDefault();
      video.currentTime = Number(link.dataset.t);
      video.play();
      if (!scroll.contains(link))
        video.scrollIntoView({ behavior: 'smooth', block: 'start' });
    });
}
