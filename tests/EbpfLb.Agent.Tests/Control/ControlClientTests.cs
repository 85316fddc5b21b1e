using System.Net;
using System.Net.Sockets;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json.Serialization.Metadata;
using EbpfLb.Agent.Control;
using EbpfLb.Agent.Tests.Fakes;
using Microsoft.Extensions.Logging.Abstractions;

namespace EbpfLb.Agent.Tests.Control;

public sealed class ControlClientTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task Nobody_there_is_null()
    {
        Assert.Null(await ControlClient.TryConnectAsync(directory.File("no.sock"), TestContext.Current.CancellationToken));
        await File.WriteAllTextAsync(directory.File("dead.sock"), "", TestContext.Current.CancellationToken);
        Assert.Null(await ControlClient.TryConnectAsync(directory.File("dead.sock"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Every_report_survives_the_way_through_the_socket()
    {
        var view = new FakeView();
        await using var server = new ControlServer(directory.File("a.sock"), view, NullLoggerFactory.Instance);
        await server.StartAsync(TestContext.Current.CancellationToken);
        using var client = await ControlClient.TryConnectAsync(directory.File("a.sock"), TestContext.Current.CancellationToken);
        Assert.NotNull(client);
        Assert.Equivalent(view.Status, await client.StatusAsync(TestContext.Current.CancellationToken), strict: true);
        var query = new ServiceQuery("default", "a b", "");
        Assert.Equivalent(view.Services, await client.ServicesAsync(query, TestContext.Current.CancellationToken), strict: true);
        Assert.Equal(query, view.Asked);
        Assert.Equivalent(
            view.Backends, await client.BackendsAsync(new ServiceQuery(Id: 7), TestContext.Current.CancellationToken), strict: true);
        Assert.Equal(new ServiceQuery(Id: 7), view.Asked);
        view.Unknown = new UnknownServiceException("there is no Service 'nosuch'");
        var unknown = await Assert.ThrowsAsync<UnknownServiceException>(()
            => client.ServicesAsync(ServiceQuery.All, TestContext.Current.CancellationToken));
        Assert.Equal("there is no Service 'nosuch'", unknown.Message);
        view.Unknown = new NotKnownYetException();
        var early = await Assert.ThrowsAsync<NotKnownYetException>(()
            => client.BackendsAsync(ServiceQuery.All, TestContext.Current.CancellationToken));
        Assert.Equal(NotKnownYetException.Text, early.Message);
    }

    /// <summary>An older agent does not say what was added since. Source-generated JSON gives an init-only property null then.</summary>
    [Fact]
    public void What_is_left_out_keeps_its_default()
    {
        var nulls = new NullabilityInfoContext();
        var lost = Answers().SelectMany(type => type.GetProperties().Where(p => p.SetMethod is { } set
                && set.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit))
                && !p.PropertyType.IsValueType && nulls.Create(p).WriteState == NullabilityState.NotNull
                && p.GetCustomAttribute<RequiredMemberAttribute>() is null
                && !type.GetConstructors().Any(c => c.GetParameters().Any(a => a.Name == p.Name)))
            .Select(p => $"{type.Name}.{p.Name}"));

        Assert.Empty(lost);
        Assert.Contains(typeof(DrainRow), Answers());
    }

    /// <summary>Of the port, who asks too often gets what was made before.</summary>
    [Fact]
    public async Task Root_gets_metrics_that_are_made_at_the_moment_of_asking()
    {
        var made = 0;
        await using var server = new ControlServer(directory.File("a.sock"), new FakeView(), NullLoggerFactory.Instance)
        {
            Metrics = _ => Task.FromResult<ReadOnlyMemory<byte>>(Encoding.UTF8.GetBytes($"made {++made}\n")),
        };
        await server.StartAsync(TestContext.Current.CancellationToken);
        using var http = NewHttpClient();

        for (var i = 1; i <= 5; i++)
            Assert.Equal($"made {i}\n", await http.GetStringAsync(new Uri("http://agent/metrics"), TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("NaN")]
    [InlineData("-1")]
    [InlineData("1e300")]
    [InlineData("soon")]
    public async Task A_wait_that_is_no_time_is_none_and_no_fault(string wait)
    {
        var view = new FakeView();
        view.Flows.Drops.Enqueue(new DropsReport(Origin.Agent, 0, []));
        await using var server = new ControlServer(directory.File("a.sock"), view, NullLoggerFactory.Instance);
        await server.StartAsync(TestContext.Current.CancellationToken);
        using var http = NewHttpClient();
        using var answer = await http.GetAsync(new Uri($"http://agent/drops?after=0&wait={wait}"), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public async Task A_socket_that_cannot_be_made_is_logged_and_not_fatal()
    {
        using var log = new CollectedLog();
        await using var server = new ControlServer(directory.File("missing/a.sock"), new FakeView(), log.Loggers);
        await server.StartAsync(TestContext.Current.CancellationToken);
        Assert.Contains(log.Lines, l => l.Contains("Control socket not available: path="));
    }

    /// <summary>All types of what the agent answers.</summary>
    private static IEnumerable<Type> Answers() => typeof(ControlJson).GetProperties()
        .Where(p => p.PropertyType.IsGenericType && p.PropertyType.GetGenericTypeDefinition() == typeof(JsonTypeInfo<>))
        .Select(p => p.PropertyType.GenericTypeArguments[0]);

    private HttpClient NewHttpClient() => new(new SocketsHttpHandler
    {
        ConnectCallback = async (_, token) =>
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(directory.File("a.sock")), token);
            return new NetworkStream(socket, ownsSocket: true);
        },
    });
}
