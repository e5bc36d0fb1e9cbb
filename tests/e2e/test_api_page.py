"""The API page in a real browser: it renders without a word from elsewhere, and a try reaches the running system."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Request, expect, sync_playwright

from tests.shops import Shop
from tests.system import System

CHROMIUM = os.environ.get("PAINEL_CHROMIUM", "/usr/bin/chromium")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]


@pytest.fixture
def page(tmp_path: Path) -> Generator[Page]:
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            str(tmp_path / "profile"), executable_path=CHROMIUM, headless=True, args=QUIET
        )
        try:
            yield context.new_page()
        finally:
            context.close()


@pytest.mark.req("D089")
def test_a_seller_tries_a_call_on_the_page(system: System, shop: Shop, page: Page, tmp_path: Path) -> None:
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    page.on("request", note)
    page.goto(system.endpoints["docs_url"])
    expect(page.get_by_role("heading", name="PainelML API")).to_be_visible()

    page.get_by_role("button", name="Authorize").first.click()
    page.get_by_label("auth-bearer-value").fill(shop.seller.token)
    page.get_by_role("button", name="Apply credentials").click()
    page.get_by_role("button", name="Close").click()

    operation = page.locator("#operations-auth-me")
    operation.scroll_into_view_if_needed()
    operation.locator(".opblock-summary").click()
    operation.get_by_role("button", name="Execute").click()
    expect(operation.locator(".live-responses-table tbody .response-col_status").first).to_contain_text("200")
    expect(operation.locator(".live-responses-table")).to_contain_text(shop.email)

    page.screenshot(path=os.environ.get("PAINEL_SHOT", str(tmp_path / "page.png")), full_page=False)
    origin = system.endpoints["web_url"].rstrip("/")
    assert all(url.startswith((origin, "data:", "blob:")) for url in asked), "the page asked another host for something"
