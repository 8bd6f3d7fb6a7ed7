// SPDX-License-Identifier: LGPL-2.1-or-later
// Bars, cards and the timeline move the video; the video moves the line, and marks what is now.
// Without a video the page is complete all the same.
'use strict';

const video = document.getElementById('video');
const time = document.querySelector('.time');
const line = document.querySelector('.head');
const scroll = document.querySelector('.scroll');
const items = document.querySelectorAll('[data-t]');
const calm = matchMedia('(prefers-reduced-motion: reduce)');
const duration = Number(time.dataset.duration);

// What the video shows stands out.
function follow() {
  time.style.setProperty('--now', Math.min(video.currentTime / duration, 1));
  time.classList.add('live');
  for (const item of items) {
    const { t, end } = item.dataset;
    item.classList.toggle('now', Number(t) <= video.currentTime && video.currentTime < Number(end));
  }
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

function isInView(element) {
  const { top, bottom } = element.getBoundingClientRect();
  return top >= 0 && bottom <= innerHeight;
}

// The start of what was clicked on: a bar, or anything on a card.
function show(event) {
  event.preventDefault();
  video.currentTime = Number(event.currentTarget.dataset.t);
  video.play();
  if (!isInView(video))
    video.scrollIntoView({ behavior: calm.matches ? 'instant' : 'smooth', block: 'start' });
}

// A finger that moves sideways scrolls; a mouse that is held down winds.
function wind(event) {
  const { left, width } = line.parentElement.querySelector('.lanes').getBoundingClientRect();
  if (event.target.closest('.bar') || event.buttons !== 1 || event.clientX < left)
    return;
  video.currentTime = duration * Math.min((event.clientX - left) / width, 1);
}

if (video) {
  video.addEventListener('loadedmetadata', jump);
  window.addEventListener('hashchange', jump);
  video.addEventListener('play', frame);
  for (const name of ['timeupdate', 'seeking'])
    video.addEventListener(name, follow);
  for (const name of ['pointerdown', 'pointermove'])
    time.addEventListener(name, wind);
  for (const item of items)
    item.addEventListener('click', show);
}
