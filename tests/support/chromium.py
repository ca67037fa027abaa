"""A page as headless Chromium lays it out, at several widths."""

import functools
import html
import json
import re
import shutil
import subprocess
from pathlib import Path

CHROMIUM = shutil.which("chromium")

# Frames, since Chromium has no window that is narrower than 500 pixels.
_WRAPPER = """<!DOCTYPE html><meta charset="utf-8"><body>{frames}<pre id="measured"></pre><script>
function overlap(a, b) {{
  return Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2 &&
    Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 3;
}}
function look(svg) {{
  const box = svg.getBoundingClientRect();
  const texts = [...svg.querySelectorAll("text")].map(
    (text) => [text.textContent, text.getBoundingClientRect()]);
  const over = [];
  texts.forEach(([said, a], i) => texts.slice(i + 1).forEach(([other, b]) => {{
    if (overlap(a, b)) over.push(said + " on " + other);
  }}));
  return {{
    name: svg.getAttribute("aria-labelledby"), width: box.width, height: box.height,
    smallest: Math.min(...texts.map(([, a]) => a.height)), overlapping: over,
    cut: texts.filter(([, a]) => a.left < box.left - 1 || a.right > box.right + 1 ||
      a.top < box.top - 1 || a.bottom > box.bottom + 1).map(([said]) => said),
  }};
}}
function scroll(table) {{
  const box = table.parentElement, head = table.querySelector("tbody th");
  box.scrollLeft = 10000;
  const stays = head.getBoundingClientRect().left >= box.getBoundingClientRect().left - 1;
  const found = {{ scrolls: box.scrollLeft > 0, stays: stays }};
  box.scrollLeft = 0;
  return found;
}}
onload = () => {{
  const found = [...document.querySelectorAll("iframe")].map((frame) => {{
    const page = frame.contentDocument, root = page.documentElement;
    return {{
      width: root.scrollWidth, shown: frame.clientWidth,
      tables: [...page.querySelectorAll(".box > table")].map(scroll),
      figures: [...page.querySelectorAll("svg")].map(look),
      loaded: frame.contentWindow.performance.getEntriesByType("resource").map((one) => one.name),
      color: frame.contentWindow.getComputedStyle(page.body).backgroundColor,
    }};
  }});
  document.getElementById("measured").textContent = JSON.stringify(found);
}};
</script>"""


@functools.cache
def look_at(page: str, folder: Path, *widths: int, dark: bool = False):
    """Returns what is measured at each width, and what stands in the console."""
    frames = "".join(
        f'<iframe width="{width}" height="900" style="border:0" srcdoc="{html.escape(page)}">'
        "</iframe>"
        for width in widths
    )
    file = folder / "wrapper.html"
    file.write_text(_WRAPPER.format(frames=frames), encoding="utf-8")
    done = subprocess.run(
        [
            *(CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr"),
            *("--window-size=1500,1000", f"--user-data-dir={folder}/profile", "--dump-dom"),
            *(["--blink-settings=preferredColorScheme=0"] if dark else []),
            f"file://{file}",
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    measured = re.search(r'<pre id="measured">(.*?)</pre>', done.stdout, re.DOTALL)
    console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    return json.loads(html.unescape(measured[1])), console
