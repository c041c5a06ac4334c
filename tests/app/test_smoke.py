def test_add_and_read(client, add_book):
    book = add_book(title="Jane Eyre", authors=["Charlotte Brontë"])
    assert client.get(f"/api/v1/books/{book['isbn13']}").json == book


def test_live(live_server):
    import httpx

    assert httpx.get(live_server).status_code == 200
