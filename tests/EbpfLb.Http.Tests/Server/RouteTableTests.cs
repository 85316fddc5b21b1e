using System.Net;
using System.Text;
using EbpfLb.Http.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace EbpfLb.Http.Tests.Server;

public sealed class RouteTableTests
{
    private static readonly RouteTable Table = new(
    [
        Route.Get("/one", Say("one")),
        Route.Get("/two", Say("two, read")),
        new Route(HttpMethods.Put, "/two", Say("two, written"), BodyBytes: 64),
        Route.Get("/many/*", Say("many")),
        Route.Get("/many/own", Say("own")),
    ]);

    [Theory]
    [InlineData("GET", "/one", 200, "one")]
    [InlineData("GET", "/two", 200, "two, read")]
    [InlineData("PUT", "/two", 200, "two, written")]
    [InlineData("GET", "/many/things", 200, "many")]
    [InlineData("GET", "/many/own", 200, "own")]
    [InlineData("GET", "/One", 404, "not found; there are /one, /two, /many/own\n")]
    [InlineData("GET", "/one/", 404, "not found; there are /one, /two, /many/own\n")]
    [InlineData("PUT", "/one", 405, "only GET and HEAD are answered here\n")]
    [InlineData("DELETE", "/none", 405, "only GET and HEAD and PUT are answered here\n")]
    [InlineData("HEAD", "/one", 200, "")]
    [InlineData("HEAD", "/none", 404, "")]
    public async Task A_request_goes_to_the_route_of_its_path_and_method(string method, string path, int status, string body)
        => Assert.Equal((status, body), await AskAsync(Table, method, path));

    [Fact]
    public async Task What_is_not_allowed_says_what_is()
    {
        var context = Context("PUT", "/one");
        await Table.HandleAsync(context);
        Assert.Equal("GET, HEAD", context.Response.Headers.Allow);
    }

    [Fact]
    public void A_table_takes_bodies_as_long_as_its_longest_and_none_when_no_route_does()
        => Assert.Equal((64, 0), (Table.BodyBytes, new RouteTable([Route.Get("/", Say(""))]).BodyBytes));

    [Fact]
    public async Task A_route_for_the_owner_is_not_served_on_a_port()
    {
        var table = new RouteTable([Route.Get("/one", Say("one")), Route.Post("/write", Say("written"), Asker.Owner)]);
        Assert.True(table.IsForOwner);
        await Assert.ThrowsAsync<ArgumentException>(() => KestrelListener.StartAsync(
            new IPEndPoint(IPAddress.Loopback, 0), table, NullLoggerFactory.Instance, TestContext.Current.CancellationToken));
    }

    private static RequestDelegate Say(string text) => context => Respond.TextAsync(context, text);

    private static async Task<(int Status, string Body)> AskAsync(RouteTable table, string method, string path)
    {
        var context = Context(method, path);
        using var body = new MemoryStream();
        context.Response.Body = body;
        await table.HandleAsync(context);
        return (context.Response.StatusCode, Encoding.UTF8.GetString(body.ToArray()));
    }

    private static DefaultHttpContext Context(string method, string path) => new() { Request = { Method = method, Path = path } };
}
