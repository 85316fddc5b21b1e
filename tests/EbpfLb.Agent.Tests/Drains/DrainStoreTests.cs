using EbpfLb.Agent.Drains;
using EbpfLb.Agent.Options;
using EbpfLb.Agent.Pipeline;
using EbpfLb.Agent.Tests.Fakes;
using EbpfLb.Agent.Tests.Pipeline;
using EbpfLb.Model;
using EbpfLb.Policy;
using EbpfLb.Testing.Time;
using Microsoft.Extensions.Logging.Abstractions;

namespace EbpfLb.Agent.Tests.Drains;

public sealed class DrainStoreTests : IDisposable
{
    private SourceStatus source = new("test", true, null, null);
    private readonly TemporaryDirectory directory = new();
    private readonly ManualTimeProvider time = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public void What_is_drained_is_there_again_for_the_next_agent()
    {
        var store = NewStore();
        store.Put(Of("10.1.0.1", 8080, new ObjectName("default", "web")) with { Services = [Web] });
        store.Put(Of("fd00::1", until: time.GetUtcNow() + TimeSpan.FromSeconds(30)));

        Assert.Equal(store.All, NewStore().All);

        store.Remove(_ => true);
        Assert.Empty(NewStore().All);
        Assert.Empty(Directory.GetFiles(Path.GetDirectoryName(directory.File("x"))!));
    }

    /// <summary>Also where an agent of before, or its end in the midst of writing, left files that all may read.</summary>
    [Fact]
    public void The_file_is_for_its_owner_alone()
    {
        const UnixFileMode Open = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
        NewStore().Put(Of("10.1.0.1"));
        var file = Assert.Single(Directory.GetFiles(directory.Path));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        File.SetUnixFileMode(file, Open);
        File.WriteAllText(file + InstanceOptions.Unfinished, "[");
        File.SetUnixFileMode(file + InstanceOptions.Unfinished, Open);

        NewStore().Put(Of("10.1.0.2"));

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
    }

    [Fact]
    public void The_same_backend_and_Service_are_one_drain()
    {
        var store = NewStore();
        store.Put(Of("10.1.0.1"));
        store.Put(Of("10.1.0.1", always: true));
        store.Put(Of("10.1.0.1", 8080));

        Assert.Equal([true, false], store.Current.Select(d => d.Always));
    }

    [Fact]
    public void One_whose_time_is_over_does_not_hold_also_after_a_restart()
    {
        NewStore().Put(Of("10.1.0.1", until: time.GetUtcNow() + TimeSpan.FromSeconds(30)));
        var next = NewStore();
        Assert.Single(next.Current);

        time.Advance(TimeSpan.FromMinutes(1));

        Assert.Empty(next.Current);
        Assert.Empty(NewStore().Current);
    }

    [Fact]
    public async Task When_its_time_is_over_the_round_is_run_again()
    {
        var store = NewStore();
        var requests = new LoopRequests();
        using var service = new DrainService(store, new DrainAbsences(store, time), requests, () => source, time, NullLogger.Instance);
        store.Put(Of("10.1.0.1", until: time.GetUtcNow() + TimeSpan.FromSeconds(30)));
        await service.StartAsync(TestContext.Current.CancellationToken);
        await time.WhenTimerIsDueIn(TimeSpan.FromSeconds(30));

        time.Advance(TimeSpan.FromSeconds(30));

        await requests.WaitAsync(TestContext.Current.CancellationToken);
        // The round is asked for before the file is written.
        await Waiting.UntilAsync(() => !File.Exists(directory.File("a.drains")));
        await service.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task When_the_wall_clock_is_set_ahead_it_ends_too()
    {
        var store = NewStore();
        var requests = new LoopRequests();
        using var service = new DrainService(store, new DrainAbsences(store, time), requests, () => source, time, NullLogger.Instance);
        store.Put(Of("10.1.0.1", until: time.GetUtcNow() + TimeSpan.FromHours(2)));
        await service.StartAsync(TestContext.Current.CancellationToken);
        await time.WhenTimerIsDueIn(TimeSpan.FromSeconds(30));

        time.StepWallClock(TimeSpan.FromHours(3));
        time.Advance(TimeSpan.FromSeconds(30));

        await requests.WaitAsync(TestContext.Current.CancellationToken);
        await Waiting.UntilAsync(() => store.Current.Count == 0);
        await service.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task The_round_is_run_again_also_when_the_file_cannot_be_written()
    {
        var store = NewStore();
        var requests = new LoopRequests();
        using var service = new DrainService(store, new DrainAbsences(store, time), requests, () => source, time, NullLogger.Instance);
        store.Put(Of("10.1.0.1", until: time.GetUtcNow() + TimeSpan.FromSeconds(30)));
        store.Put(Of("10.1.0.2"));
        Directory.CreateDirectory(directory.File("a.drains.new"));
        await service.StartAsync(TestContext.Current.CancellationToken);
        await time.WhenTimerIsDueIn(TimeSpan.FromSeconds(30));

        time.Advance(TimeSpan.FromSeconds(30));

        await requests.WaitAsync(TestContext.Current.CancellationToken).WaitAsync(
            TimeSpan.FromSeconds(120), TestContext.Current.CancellationToken);
        Assert.Equal(["10.1.0.2"], store.Current.Select(d => d.Address.ToString()));
        await service.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task When_the_Services_that_had_the_backend_have_not_had_it_for_ten_minutes_it_ends()
    {
        var store = NewStore();
        var (absences, requests) = (new DrainAbsences(store, time), new LoopRequests());
        var log = new CollectedLog();
        using var service = new DrainService(store, absences, requests, () => source, time, log.Loggers.CreateLogger("drains"));
        var drain = Of("10.1.0.1") with { Services = [Web] };
        store.Put(drain);
        store.Put(Of("10.1.0.2"));
        await service.StartAsync(TestContext.Current.CancellationToken);

        service.Look(Cluster((Web, "10.1.0.1"), (Web, "10.1.0.2")));
        Assert.Null(absences.SinceOf(drain));
        // The next owner of the address is of another Service.
        service.Look(Cluster((new ObjectName("default", "other"), "10.1.0.1"), (Web, "10.1.0.2")));
        await time.WhenTimerIsDueIn(TimeSpan.FromSeconds(30));
        for (var half = 0; half < 19; half++) await StepAsync();
        Assert.Equal(2, store.Current.Count);
        Assert.Equal(time.GetUtcNow(), absences.SinceOf(drain) + TimeSpan.FromSeconds(19 * 30));
        // Whether it is back nobody knows while the source is away.
        source = source with { ContactAge = TimeSpan.FromMinutes(16) };
        await StepAsync();
        await Waiting.UntilAsync(() => absences.SinceOf(drain) == time.GetUtcNow());
        source = source with { ContactAge = TimeSpan.FromMinutes(10) };
        for (var half = 0; half < 19; half++) await StepAsync();
        Assert.Equal(2, store.Current.Count);

        await StepAsync();

        await requests.WaitAsync(TestContext.Current.CancellationToken);
        await Waiting.UntilAsync(() => store.Current.Count == 1);
        Assert.Equal(["10.1.0.2"], NewStore().Current.Select(d => d.Address.ToString()));
        await Waiting.UntilAsync(() => log.Lines.Any(l => l.Contains("10 minutes: backend=10.1.0.1 service=all services=default/web",
            StringComparison.Ordinal)));
        await service.StopAsync(TestContext.Current.CancellationToken);
        log.Dispose();

        async Task StepAsync()
        {
            await time.WhenTimerIsDueIn(TimeSpan.FromSeconds(30));
            time.Advance(TimeSpan.FromSeconds(30));
        }
    }

    [Fact]
    public void A_backend_that_comes_back_is_drained_as_before_and_the_time_begins_anew()
    {
        var store = NewStore();
        var absences = new DrainAbsences(store, time);
        var drain = Of("10.1.0.1", 8080) with { Services = [Web] };
        store.Put(drain);
        absences.Look(Cluster());
        time.Advance(TimeSpan.FromMinutes(9));
        absences.Look(Cluster((Web, "10.1.0.1")));
        time.Advance(TimeSpan.FromMinutes(5));
        Assert.False(absences.Any);

        absences.Look(Cluster());
        absences.Look(Cluster());
        time.Advance(TimeSpan.FromMinutes(9));
        Assert.False(absences.IsOver(drain));
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.True(absences.IsOver(drain));

        store.Remove(_ => true);
        absences.Look(Cluster());
        Assert.False(absences.Any);
    }

    /// <summary>Of a file of an agent that did not write them down.</summary>
    [Fact]
    public void Where_it_is_not_known_which_Services_had_it_any_counts_that_the_drain_is_of()
    {
        File.WriteAllText(directory.File("a.drains"),
            """[{"address":"10.1.0.1","since":"2026-01-01T00:00:00Z"},{"address":"10.1.0.2","service":"default/web"}]""");
        var store = NewStore();
        var absences = new DrainAbsences(store, time);

        absences.Look(Cluster((new ObjectName("default", "other"), "10.1.0.1"), (new ObjectName("default", "other"), "10.1.0.2")));

        Assert.Equal([false, true], store.All.Select(d => absences.SinceOf(d) is not null));
    }

    /// <summary>They are not looked for in all Services with each snapshot, and the next owner of the address is not drained.</summary>
    [Fact]
    public void Which_Services_had_it_is_known_from_the_first_snapshot_that_names_it()
    {
        File.WriteAllText(directory.File("a.drains"), """[{"address":"10.1.0.1","since":"2026-01-01T00:00:00Z"}]""");
        var store = NewStore();
        var absences = new DrainAbsences(store, time);
        absences.Look(Cluster());
        Assert.Empty(Assert.Single(store.All).Services);

        absences.Look(Cluster((Web, "10.1.0.1")));

        Assert.Equal([Web], Assert.Single(store.All).Services);
        Assert.Equal(store.All, NewStore().All);
        Assert.False(absences.Any);
        absences.Look(Cluster((new ObjectName("default", "other"), "10.1.0.1")));
        Assert.NotNull(absences.SinceOf(Assert.Single(store.All)));
    }

    [Theory]
    [InlineData("[{\"address\":")]
    [InlineData("{}")]
    [InlineData("[null]")]
    [InlineData("[{}]")]
    [InlineData("[{\"address\":null}]")]
    [InlineData("[{\"address\":\"web\"}]")]
    [InlineData("[{\"address\":\"10.1.0.1\",\"service\":\"web\"}]")]
    [InlineData("[{\"address\":\"10.1.0.1\",\"port\":70000}]")]
    [InlineData("[{\"address\":\"10.1.0.1\",\"services\":[null]}]")]
    [InlineData("[{\"address\":\"10.1.0.1\",\"services\":[\"web\"]}]")]
    public void A_file_that_cannot_be_read_is_told_and_written_anew_by_the_next_change(string text)
    {
        File.WriteAllText(directory.File("a.drains"), text);
        var store = NewStore();

        Assert.Contains(directory.File("a.drains"), store.Problem);
        store.Put(Of("10.1.0.1"));
        Assert.Null(store.Problem);
        Assert.Single(NewStore().All);
    }

    [Theory]
    [InlineData("10.1.0.1", "10.1.0.1", 0)]
    [InlineData("10.1.0.1:80", "10.1.0.1", 80)]
    [InlineData("fd00::1", "fd00::1", 0)]
    [InlineData("[fd00::1]", "fd00::1", 0)]
    [InlineData("[fd00::1]:80", "fd00::1", 80)]
    public void A_backend_is_written_with_or_without_a_port(string text, string address, int port)
        => Assert.Equal((IpAddress.Parse(address), (ushort)port), DrainNames.ParseBackend(text));

    [Theory]
    [InlineData("web")]
    [InlineData("10.1.0.1:")]
    [InlineData("10.1.0.1:0")]
    [InlineData("10.1.0.1:70000")]
    [InlineData("10.1.0.1:80/TCP")]
    public void Anything_else_is_refused(string text) => Assert.Throws<FormatException>(() => DrainNames.ParseBackend(text));

    private static readonly ObjectName Web = new("default", "web");

    private static ClusterSnapshot Cluster(params (ObjectName Service, string Address)[] endpoints)
    {
        var state = new ClusterStateBuilder();
        foreach (var (service, address) in endpoints)
        {
            state.Set(new EndpointSlice(new ObjectName(service.Namespace, $"{service.Name}-{address}"), service.Name, IpFamily.IPv4,
                [new EndpointPort("", TransportProtocol.Tcp, 8080)],
                [new Endpoint(IpAddress.Parse(address), EndpointConditions.Default)]));
        }
        return state.Build();
    }

    private DrainStore NewStore() => new(new DrainFile(directory.File("a.drains")), time, NullLogger.Instance);

    private TimedDrain Of(string address, ushort port = 0, ObjectName? service = null, bool always = false, DateTimeOffset? until = null)
        => new(new BackendDrain(IpAddress.Parse(address), port, service, always), time.GetUtcNow(), until);
}
