using System.Net;
using System.Net.Sockets;
using EbpfLb.Http.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace EbpfLb.Http.Tests.Server;

/// <summary>
/// Nobody keeps the others out of a server, with real sockets. Loopback addresses stand for other machines where it says so.
/// </summary>
public sealed class ConnectionLimitTests
{
    /// <summary>Long, so that only the limits of numbers can help.</summary>
    private static readonly ConnectionLimits Patient
        = new() { Idle = TimeSpan.FromMinutes(10), Head = TimeSpan.FromMinutes(10), IsLocal = IsThisMachine };

    /// <summary>Short, so that a test is.</summary>
    private static readonly ConnectionLimits Brisk
        = new() { Idle = TimeSpan.FromSeconds(1), Head = TimeSpan.FromSeconds(1), IsLocal = IsThisMachine };

    private static readonly IPAddress Attacker = IPAddress.Parse("127.0.0.66");

    /// <summary>More than all the limits together.</summary>
    private const int Many = 400;

    [Fact]
    public void What_holds_by_itself_is_seconds_and_small_numbers()
    {
        var limits = ConnectionLimits.Default;
        Assert.Equal((256, 16, 64), (limits.Total, limits.PerClient, limits.Local));
        Assert.Equal((TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(5)), (limits.Idle, limits.Head));
    }

    [Theory]
    [InlineData("")]
    [InlineData("GET /livez HTTP/1.1\r\nHost: ")]
    public async Task Idle_connections_and_half_requests_of_one_client_keep_nobody_out(string head)
    {
        await using var server = await ServeAsync(Patient);
        using var idle = new IdleSockets();
        await idle.OpenAsync(Many, server.Port, [Attacker], head);
        foreach (var other in new[] { "127.0.0.1", "127.0.0.2", "127.0.0.66" }) Assert.Equal("hello", await AskAsync(server.Port, other));
        // Those that the client may have stay.
        Assert.Equal(Many, idle.Count);
    }

    [Fact]
    public async Task Idle_connections_of_many_clients_keep_nobody_out_either()
    {
        await using var server = await ServeAsync(Patient);
        using var idle = new IdleSockets();
        await idle.OpenAsync(Many, server.Port, [.. Enumerable.Range(1, 100).Select(i => IPAddress.Parse($"127.0.1.{i}"))]);
        Assert.Equal("hello", await AskAsync(server.Port, "127.0.0.2"));
        Assert.Equal("hello", await AskAsync(server.Port, "127.0.0.1"));
    }

    [Fact]
    public async Task Idle_connections_of_this_machine_keep_its_probes_no_more_out_than_others()
    {
        await using var server = await ServeAsync(Patient);
        using var idle = new IdleSockets();
        await idle.OpenAsync(Many, server.Port, [IPAddress.Loopback]);
        Assert.Equal("hello", await AskAsync(server.Port, "127.0.0.1"));
        Assert.Equal("hello", await AskAsync(server.Port, "127.0.0.2"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("GET /livez HTTP/1.1\r\nHost: ")]
    public async Task A_connection_that_says_nothing_and_one_that_never_comes_to_its_end_are_closed(string head)
    {
        await using var server = await ServeAsync(Brisk);
        using var idle = new IdleSockets();
        await idle.OpenAsync(10, server.Port, [IPAddress.Loopback, Attacker], head);
        await idle.UntilClosedAsync();
    }

    [Fact]
    public async Task A_sender_of_a_byte_now_and_then_gains_no_time()
    {
        await using var server = await ServeAsync(Brisk);
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, server.Port, TestContext.Current.CancellationToken);
        var closed = socket.ReceiveAsync(new byte[4096], SocketFlags.None, TestContext.Current.CancellationToken).AsTask();
        foreach (var letter in "GET / HTTP/1.1\r\nHost: " + new string('x', 4000))
        {
            try
            {
                await socket.SendAsync(new[] { (byte)letter }, TestContext.Current.CancellationToken);
            }
            catch (SocketException)
            {
                break;
            }
            if (await Task.WhenAny(closed, Task.Delay(50, TestContext.Current.CancellationToken)) == closed) break;
        }
        // It ends in an error where the server answered by a reset.
        await Task.WhenAny(closed, Task.Delay(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
        Assert.True(closed.IsCompleted, "the server still waits for the head of the request");
    }

    [Fact]
    public async Task A_request_that_is_being_answered_does_not_make_room()
    {
        var begun = new TaskCompletionSource();
        var answer = new TaskCompletionSource();
        await using var server = await ServeAsync(Patient, async context =>
        {
            if (context.Request.Path == "/slow")
            {
                begun.SetResult();
                await answer.Task;
            }
            await Respond.TextAsync(context, "hello");
        });
        var slow = AskAsync(server.Port, "127.0.0.66", "/slow");
        await begun.Task;
        using var idle = new IdleSockets();
        await idle.OpenAsync(50, server.Port, [Attacker]);
        Assert.Equal("hello", await AskAsync(server.Port, "127.0.0.66"));
        answer.SetResult();
        Assert.Equal("hello", await slow);
    }

    [Fact]
    public async Task The_end_of_a_server_waits_for_who_is_being_answered()
    {
        var begun = new TaskCompletionSource();
        var read = new TaskCompletionSource();
        var isDone = false;
        var server = await ServeAsync(Patient, async _ =>
        {
            begun.SetResult();
            // As a scrape that reads mapped memory: it does not look whether its client is still there.
            await read.Task;
            isDone = true;
        });
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, server.Port, TestContext.Current.CancellationToken);
        await socket.SendAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray(), TestContext.Current.CancellationToken);
        await begun.Task;

        var ending = server.DisposeAsync().AsTask();
        // The connection is closed at once; the handler still runs.
        try
        {
            Assert.Equal(0, await socket.ReceiveAsync(new byte[100], TestContext.Current.CancellationToken));
        }
        catch (SocketException)
        {
            // A reset.
        }
        Assert.False(ending.IsCompleted);
        read.SetResult();
        await ending;
        Assert.True(isDone);
    }

    private static bool IsThisMachine(IPAddress from, IPAddress to) => from.Equals(to);

    private static Task<KestrelListener> ServeAsync(ConnectionLimits limits, RequestDelegate? handler = null) => KestrelListener.StartAsync(
        new IPEndPoint(IPAddress.Loopback, 0),
        new RouteTable([Route.Get("/*", handler ?? (context => Respond.TextAsync(context, "hello")))]), NullLoggerFactory.Instance,
        TestContext.Current.CancellationToken, limits: limits);

    private static async Task<string> AskAsync(int port, string from, string path = "/")
    {
        using var client = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = async (context, token) =>
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                socket.Bind(new IPEndPoint(IPAddress.Parse(from), 0));
                await socket.ConnectAsync(context.DnsEndPoint, token);
                return new NetworkStream(socket, ownsSocket: true);
            },
        });
        return await client.GetStringAsync(new Uri($"http://127.0.0.1:{port}{path}"), TestContext.Current.CancellationToken);
    }
}
