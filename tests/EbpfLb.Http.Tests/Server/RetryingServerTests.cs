using System.Net;
using System.Net.Sockets;
using EbpfLb.Http.Server;
using EbpfLb.Testing;
using EbpfLb.Testing.Time;
using Microsoft.Extensions.Logging.Abstractions;

namespace EbpfLb.Http.Tests.Server;

public sealed class RetryingServerTests
{
    private readonly ManualTimeProvider time = new();

    [Contract("10", "bind fails: an event on the Node and again every 5 s; with bindAddressHardFail the end")]
    [Fact]
    public async Task A_port_that_is_taken_is_tried_again_every_five_seconds_until_it_is_free()
    {
        using var occupant = new TcpListener(IPAddress.Loopback, 0);
        occupant.Start();
        var port = ((IPEndPoint)occupant.LocalEndpoint).Port;
        using var server = Server(port);
        await server.StartAsync(TestContext.Current.CancellationToken);

        await time.WhenTimerIsDueIn(TimeSpan.FromSeconds(5));
        time.Advance(TimeSpan.FromSeconds(5));
        await time.WhenTimerIsDueIn(TimeSpan.FromSeconds(5));
        Assert.False(server.Bound.IsCompleted);

        occupant.Stop();
        await AdvanceUntilBoundAsync(server);
        Assert.Equal(port, await server.Bound);
        using var client = new HttpClient();
        Assert.Equal("hello", await client.GetStringAsync(new Uri($"http://127.0.0.1:{port}/"), TestContext.Current.CancellationToken));
        await server.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Stopping_frees_the_port_even_with_a_client_that_keeps_its_connection()
    {
        using var server = Server(0);
        await server.StartAsync(TestContext.Current.CancellationToken);
        var port = await server.Bound;
        using var client = new HttpClient();
        await client.GetStringAsync(new Uri($"http://127.0.0.1:{port}/"), TestContext.Current.CancellationToken);

        await server.StopAsync(TestContext.Current.CancellationToken);

        using var next = Server(port);
        await next.StartAsync(TestContext.Current.CancellationToken);
        await AdvanceUntilBoundAsync(next);
        Assert.Equal(port, await next.Bound);
        await next.StopAsync(TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("::")]
    public async Task All_addresses_are_those_of_both_families(string address)
    {
        using var server = Server(0, IPAddress.Parse(address));
        await server.StartAsync(TestContext.Current.CancellationToken);
        var port = await server.Bound;
        using var client = new HttpClient();
        foreach (var host in (string[])["127.0.0.1", "[::1]"])
            Assert.Equal("hello", await client.GetStringAsync(new Uri($"http://{host}:{port}/"), TestContext.Current.CancellationToken));
        await server.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Stopping_does_not_wait_for_an_address_that_never_becomes_free()
    {
        using var server = Server(1, IPAddress.Parse("203.0.113.1"));
        await server.StartAsync(TestContext.Current.CancellationToken);
        await time.WhenTimerIsDueIn(TimeSpan.FromSeconds(5));
        await server.StopAsync(TestContext.Current.CancellationToken);
        Assert.True(server.Bound.IsCanceled);
    }

    /// <summary>
    /// A port may stay taken for some moments after it was closed: a process that was just forked, by a test beside this one, holds all
    /// descriptors until it executes its program.
    /// </summary>
    private async Task AdvanceUntilBoundAsync(RetryingServer server)
    {
        while (await Task.WhenAny(server.Bound, time.WhenTimerIsDueIn(TimeSpan.FromSeconds(5))) != server.Bound)
        {
            time.Advance(TimeSpan.FromSeconds(5));
            await Task.Yield();
        }
    }

    private RetryingServer Server(int port, IPAddress? address = null) => new(
        "test", "--test-bind-address", new IPEndPoint(address ?? IPAddress.Loopback, port),
        new RouteTable([Route.Get("/", context => Respond.TextAsync(context, "hello"))]), time, NullLoggerFactory.Instance);
}
