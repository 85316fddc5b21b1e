using System.Net;
using System.Net.Sockets;
using EbpfLb.Http.Server;
using EbpfLb.Http.ServiceHealth;
using EbpfLb.Http.Tests.Server;
using EbpfLb.Model;
using EbpfLb.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace EbpfLb.Http.Tests.ServiceHealth;

/// <summary>docs/contract.md 9: health check node ports, on real sockets.</summary>
public sealed class ServiceHealthServerTests : IAsyncDisposable
{
    private static readonly ObjectName Web = new("prod", "web");
    private static readonly ObjectName Dns = new("prod", "dns");

    private readonly CollectedEvents events = new();
    private readonly HttpClient client = new();
    private readonly ServiceHealthServer server;
    private bool healthy = true;

    public ServiceHealthServerTests()
        => server = new ServiceHealthServer(() => healthy, events, TimeProvider.System, NullLoggerFactory.Instance);

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        await server.DisposeAsync();
    }

    [Contract("9", "status, headers, body: 200 with local endpoints and a healthy proxy, else 503; to the byte")]
    [Fact]
    public async Task The_answer_is_that_of_kube_proxy_to_the_byte()
    {
        var port = FreePort();
        server.Update([new(Web, port, 2)]);

        using var answer = await GetAsync(port);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("application/json", answer.Content.Headers.ContentType!.ToString());
        Assert.Equal(["nosniff"], answer.Headers.GetValues("X-Content-Type-Options"));
        Assert.Equal(["2"], answer.Headers.GetValues("X-Load-Balancing-Endpoint-Weight"));
        Assert.Equal(
            "{\n\t\"service\": {\n\t\t\"namespace\": \"prod\",\n\t\t\"name\": "
                + "\"web\"\n\t},\n\t\"localEndpoints\": 2,\n\t\"serviceProxyHealthy\": true\n}",
            await BodyAsync(answer));
    }

    [Contract("9", "path and method: any")]
    [Theory]
    [InlineData("GET", "/")]
    [InlineData("GET", "/healthz?probe=1")]
    [InlineData("HEAD", "/any/path")]
    [InlineData("POST", "/")]
    [InlineData("OPTIONS", "/x")]
    public async Task Any_path_and_any_method_gets_the_answer(string method, string path)
    {
        var port = FreePort();
        server.Update([new(Web, port, 1)]);
        using var request = new HttpRequestMessage(new HttpMethod(method), $"http://127.0.0.1:{port}{path}");
        if (method == "POST") request.Content = new StringContent("ignored");

        using var answer = await client.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(method == "HEAD" ? "" : "{", (await BodyAsync(answer)).Split('\n')[0]);
    }

    [Contract("9", "status, headers, body: 200 with local endpoints and a healthy proxy, else 503; to the byte")]
    [Fact]
    public async Task Without_local_endpoints_it_is_503()
    {
        var port = FreePort();
        server.Update([new(Web, port, 0)]);

        using var answer = await GetAsync(port);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Equal(["0"], answer.Headers.GetValues("X-Load-Balancing-Endpoint-Weight"));
        Assert.Contains("\"serviceProxyHealthy\": true", await BodyAsync(answer));
    }

    [Contract("9", "proxy unhealthy: 503, and the count stays")]
    [Fact]
    public async Task An_unhealthy_proxy_is_503_and_the_count_stays()
    {
        var port = FreePort();
        server.Update([new(Web, port, 3)]);
        healthy = false;

        using var answer = await GetAsync(port);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Contains("\"localEndpoints\": 3,\n\t\"serviceProxyHealthy\": false", await BodyAsync(answer));
    }

    [Fact]
    public async Task Both_families_are_answered()
    {
        var port = FreePort();
        server.Update([new(Web, port, 1)]);

        using var four = await GetAsync(port);
        using var six = await GetAsync(port, "[::1]");

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (four.StatusCode, six.StatusCode));
    }

    [Fact]
    public async Task Counts_follow_on_open_connections()
    {
        var port = FreePort();
        server.Update([new(Web, port, 1)]);
        using var first = await GetAsync(port);
        server.Update([new(Web, port, 0)]);
        using var second = await GetAsync(port);

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.ServiceUnavailable), (first.StatusCode, second.StatusCode));
    }

    [Contract(
        "9",
        "who: LoadBalancer with external policy Local and a number, one listener a Service; closed when one of these ends, another "
        + "number is opened anew")]
    [Fact]
    public async Task A_port_that_changes_is_opened_anew_and_the_old_one_ends_for_clients_that_stay_too()
    {
        ushort old = FreePort(), next = FreePort();
        server.Update([new(Web, old, 1)]);
        using var first = await GetAsync(old);

        server.Update([new(Web, next, 1)]);

        using var answer = await GetAsync(next);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        await Assert.ThrowsAsync<HttpRequestException>(() => GetAsync(old));
    }

    [Fact]
    public async Task A_client_that_keeps_its_connection_is_told_when_the_port_closes_and_may_come_again()
    {
        var port = FreePort();
        server.Update([new(Web, port, 1)]);
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, port, TestContext.Current.CancellationToken);
        await socket.GetStream().WriteAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray(), TestContext.Current.CancellationToken);
        Assert.NotEqual(0, await socket.GetStream().ReadAsync(new byte[1000], TestContext.Current.CancellationToken));

        server.Update([]);
        while (await socket.GetStream().ReadAsync(new byte[1000], TestContext.Current.CancellationToken) > 0)
        {
            // The rest of the answer; then the end.
        }

        server.Update([new(Web, port, 1)]);
        await UntilOpenAsync(server.Retry);
        using var answer = await GetAsync(port);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public async Task A_number_may_go_to_another_service_in_one_update()
    {
        var port = FreePort();
        server.Update([new(Web, port, 1)]);
        server.Update([new(Dns, port, 4)]);

        using var answer = await GetAsync(port);

        Assert.Contains("\"name\": \"dns\"", await BodyAsync(answer));
        Assert.Empty(events.All);
    }

    [Contract("9", "bind fails: open nowhere, an event on the Service, tried again")]
    [Fact]
    public async Task A_port_that_is_taken_in_one_family_is_open_in_neither_until_it_is_free()
    {
        using var occupant = new TcpListener(IPAddress.IPv6Loopback, 0);
        occupant.Start();
        var port = (ushort)((IPEndPoint)occupant.LocalEndpoint).Port;

        server.Update([new(Web, port, 1)]);

        var told = Assert.Single(events.All);
        Assert.Equal((EventSubject.Service, Web, true, "FailedToStartServiceHealthcheck", "Listen"),
            (told.Subject, told.Name, told.Warning, told.Reason, told.Action));
        Assert.Contains($"[::]:{port}", told.Note);
        Assert.Equal($"Service {Web}: {told.Note}", Assert.Single(server.Problems));
        await Assert.ThrowsAsync<HttpRequestException>(() => GetAsync(port));

        occupant.Stop();
        server.Update([new(Web, port, 2)]);
        Assert.Single(events.All);
        await UntilOpenAsync(server.Retry);
        using var answer = await GetAsync(port);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public async Task Addresses_of_the_node_are_followed()
    {
        var port = FreePort();
        server.Follow([IPAddress.Parse("127.0.0.2")]);
        server.Update([new(Web, port, 1)]);
        using var two = await GetAsync(port, "127.0.0.2");
        await Assert.ThrowsAsync<HttpRequestException>(() => GetAsync(port));

        server.Follow([IPAddress.Parse("127.0.0.1"), IPAddress.IPv6Any]);

        using var one = await GetAsync(port);
        using var six = await GetAsync(port, "[::1]");
        Assert.All(new[] { two, one, six }, answer => Assert.Equal(HttpStatusCode.OK, answer.StatusCode));
        await Assert.ThrowsAsync<HttpRequestException>(() => GetAsync(port, "127.0.0.2"));
    }

    [Fact]
    public async Task An_address_that_the_node_does_not_have_is_tried_again()
    {
        var port = FreePort();
        server.Follow([IPAddress.Loopback, IPAddress.Parse("203.0.113.9")]);
        server.Update([new(Web, port, 1)]);
        Assert.Contains("203.0.113.9", Assert.Single(events.All).Note);
        await Assert.ThrowsAsync<HttpRequestException>(() => GetAsync(port));

        server.Follow([IPAddress.Loopback]);
        await UntilOpenAsync(server.Retry);
        using var answer = await GetAsync(port);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public async Task Idle_connections_to_all_ports_keep_nobody_out()
    {
        await using var small = new ServiceHealthServer(
            () => true, events, TimeProvider.System, NullLoggerFactory.Instance, new ConnectionLimits
        {
            Total = 40, PerClient = 16, Idle = TimeSpan.FromMinutes(10), Head = TimeSpan.FromMinutes(10), IsLocal = (_, _) => false,
        });
        ushort[] ports = [.. Enumerable.Range(0, 5).Select(_ => FreePort()).Distinct()];
        small.Update([.. ports.Select((p, i) => new ServiceHealthCheck(new ObjectName("many", $"s{i}"), p, 1))]);
        await UntilOpenAsync(small.Retry, small);
        using var idle = new IdleSockets();
        foreach (var port in ports) await idle.OpenAsync(60, port, [IPAddress.Parse("127.0.0.66")]);
        foreach (var port in ports)
        {
            using var answer = await GetAsync(port);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }
    }

    [Fact]
    public async Task Five_hundred_services_are_answered_by_one_server()
    {
        var checks = Enumerable.Range(0, 500).Select(i
            => new ServiceHealthCheck(new ObjectName("many", $"s{i}"), FreePort(), i)).DistinctBy(c => c.Port).ToList();
        server.Update(checks);
        await UntilOpenAsync(server.Retry);

        foreach (var check in new[] { checks[0], checks[^1] })
        {
            using var answer = await GetAsync(check.Port);
            Assert.Contains($"\"name\": \"{check.Service.Name}\"", await BodyAsync(answer));
        }
        server.Update([]);
        await Assert.ThrowsAsync<HttpRequestException>(() => GetAsync(checks[0].Port));
    }

    /// <summary>A process that another test just forked may hold a closed port for some moments.</summary>
    private async Task UntilOpenAsync(Action attempt, ServiceHealthServer? opening = null)
    {
        attempt();
        while ((opening ?? server).Problems.Count > 0)
        {
            await Task.Delay(10, TestContext.Current.CancellationToken);
            attempt();
        }
    }

    private Task<HttpResponseMessage> GetAsync(ushort port, string host = "127.0.0.1")
        => client.GetAsync(new Uri($"http://{host}:{port}/"), TestContext.Current.CancellationToken);

    private static Task<string> BodyAsync(HttpResponseMessage answer)
        => answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

    private static ushort FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp) { DualMode = true };
        socket.Bind(new IPEndPoint(IPAddress.IPv6Any, 0));
        return (ushort)((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
