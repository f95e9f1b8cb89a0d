"""The web page in Debian's headless Chromium."""

from __future__ import annotations

import base64
import shutil

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from roiops._detector.picture import SAMPLE

_DROP = """
const bytes = Uint8Array.from(atob(arguments[0]), c => c.charCodeAt(0));
const transfer = new DataTransfer();
transfer.items.add(new File([bytes], "dropped", { type: arguments[1] }));
document.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, cancelable: true }));
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    if not (shutil.which("chromium") and shutil.which("chromedriver")):
        pytest.skip("needs Debian's packages chromium and chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    profile = tmp_path_factory.mktemp("profile")
    for argument in ("headless=new", "no-sandbox", "window-size=900,640", f"user-data-dir={profile}"):
        options.add_argument(f"--{argument}")
    driver = webdriver.Chrome(options, webdriver.ChromeService(shutil.which("chromedriver")))
    yield driver
    driver.quit()


@pytest.fixture
def page(browser, address):
    browser.get(address)
    return browser


def drop(page, data: bytes, kind: str = "image/jpeg") -> str:
    """Drop a file on the page; returns what its status line says at last."""
    page.execute_script(_DROP, base64.b64encode(data).decode(), kind)
    status = page.find_element(By.ID, "status")
    WebDriverWait(page, 20).until(lambda _: status.text not in ("", "…"))
    return status.text


def names(page) -> list[str]:
    cells = "[...document.querySelectorAll('#objects td:first-child')]"
    return page.execute_script(f"return {cells}.map(cell => cell.textContent)")


def test_a_dropped_picture_is_shown_with_its_objects(page, sample):
    assert drop(page, sample).startswith("4 objects in ")
    assert names(page) == ["ring", "disc", "triangle", "star"]
    canvas = page.find_element(By.ID, "canvas")
    assert (canvas.get_attribute("width"), canvas.get_attribute("height")) == ("294", "257")
    corner = page.execute_script("return [...canvas.getContext('2d').getImageData(113, 130, 1, 1).data]")
    assert corner == [0xE6, 0x19, 0x4B, 255]  # the left edge of the disc's box


def test_a_chosen_picture_and_another_score(page):
    page.find_element(By.ID, "file").send_keys(str(SAMPLE))
    WebDriverWait(page, 20).until(lambda _: len(names(page)) == 4)
    page.execute_script("score.value = 0.9; score.oninput(); score.onchange()")
    WebDriverWait(page, 20).until(lambda _: names(page) == ["ring", "disc"])


@pytest.mark.parametrize(
    ("data", "kind", "error"),
    [
        (b"hello", "image/jpeg", "415: picture: expected a JPEG or PNG file"),
        (b"hello", "text/html", "415: the body is text/html"),
        (b"", "image/jpeg", "400: a picture of no bytes"),
        (SAMPLE.read_bytes()[:2000], "image/jpeg", "400: picture: the picture cannot be decoded"),
    ],
)
def test_errors_are_shown_and_forgotten(page, sample, data, kind, error):
    drop(page, sample)
    assert drop(page, data, kind).startswith(error)
    assert names(page) == []
    assert drop(page, sample).startswith("4 objects")
