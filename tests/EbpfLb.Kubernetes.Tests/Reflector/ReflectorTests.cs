using EbpfLb.Kubernetes.Api;
using EbpfLb.Kubernetes.Reflector;
using EbpfLb.Model;
using EbpfLb.Testing;
using EbpfLb.Testing.Time;
using Microsoft.Extensions.Logging.Abstractions;

namespace EbpfLb.Kubernetes.Tests.Reflector;

public sealed partial class ReflectorTests
{
    private readonly ScriptedApi api = new();
    private readonly ManualTimeProvider time = new();
    private readonly RecordingSink sink = new();

    private static Service Web(int port = 80)
        => new(new("shop", "web"), ServiceType.ClusterIP, [], [new("", TransportProtocol.Tcp, (ushort)port, 0)], 0, ServiceLabels.None);

    private static WatchEvent<Service> Set(string version, int port = 80) => new(WatchEventType.Set, Web().Name, Web(port), version);

    private static WatchEvent<Service> Bookmark(string version) => new(WatchEventType.Bookmark, new("", ""), null, version);

    /// <summary>Runs until everything scripted was asked for. Each wait is over at once; returns how long they were.</summary>
    private async Task<List<TimeSpan>> RunAsync(
        string fields = "", bool fieldsMayGo = true, bool streaming = false, Action<Reflector<Service>>? onWait = null)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var waits = new List<TimeSpan>();
        var reflector = new Reflector<Service>(
            api, ApiResources.Services, new ApiSelector(Fields: fields) { FieldSelectorIsOptional = fieldsMayGo }, sink,
            new ReflectorOptions { StreamingLists = streaming }, time, new Random(1), NullLogger.Instance);
        var run = reflector.RunAsync(stop.Token);
        while (!api.Exhausted.IsCompleted)
        {
            // The script answers synchronously: a reflector that is not done waits on a timer, or is about to.
            if (time.PendingTimers is [var due, ..])
            {
                waits.Add(due);
                onWait?.Invoke(reflector);
                time.Advance(due);
            }
            else
            {
                await Task.Yield();
            }
        }
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
        return waits;
    }

    [Fact]
    public async Task A_watch_begins_where_the_list_ended_and_resumes_where_the_last_one_ended()
    {
        api.List("10", Web()).Watch(null, Set("11", 81), Bookmark("15")).Watch(null, Bookmark("20"));

        Assert.Empty(await RunAsync());

        Assert.Equal(["list", "watch 10", "watch 15"], api.Calls);
        Assert.Equal(["replace shop/web", "contact", "contact", "Set shop/web 81", "contact", "contact", "contact", "contact"], sink.Calls);
    }

    [Fact]
    public async Task A_cut_or_silent_watch_is_resumed_after_a_short_wait_and_is_no_failure()
    {
        api.List("10").Watch(ApiFailure.Cut, Bookmark("15")).Watch(ApiFailure.Silent, Bookmark("16")).Watch(null, Bookmark("17"));

        var waits = await RunAsync();

        Assert.Equal(["list", "watch 10", "watch 15", "watch 16"], api.Calls);
        Assert.All(waits, w => Assert.InRange(w.TotalSeconds, 0.125, 0.375));
        Assert.DoesNotContain(sink.Calls, c => c.StartsWith("failed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_expired_version_lists_again()
    {
        api.List("10", Web()).Watch(ApiFailure.Expired).List("50").Watch(ApiFailure.Expired, Bookmark("51")).List("60")
            .Watch(null, Bookmark("61"));

        await RunAsync();

        Assert.Equal(["list", "watch 10", "list", "watch 50", "list", "watch 60"], api.Calls);
        Assert.Equal(
            ["replace shop/web", "replace ", "replace "], sink.Calls.Where(c => c.StartsWith("replace", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_watch_that_makes_no_sense_lists_again()
    {
        api.List("10").Watch(ApiFailure.Malformed).List("20").Watch(null, Bookmark("21"));

        await RunAsync();

        Assert.Equal(["list", "watch 10", "list", "watch 20"], api.Calls);
    }

    [Fact]
    public async Task Failing_lists_wait_longer_and_longer_and_are_reported()
    {
        api.Fail(ApiFailure.Unreachable).Fail(ApiFailure.Unreachable).Fail(ApiFailure.Forbidden).Fail(ApiFailure.ServerError).List("10")
            .Watch(null, Bookmark("11"));

        var waits = await RunAsync();

        Assert.Equal(4, waits.Count);
        Assert.InRange(waits[3].TotalSeconds, 1, 3);
        Assert.Equal(
            ["failed Unreachable", "failed Unreachable", "failed Forbidden", "failed ServerError", "replace ", "contact", "contact",
                "contact"],
            sink.Calls);
    }

    [Fact]
    public async Task Retry_after_is_respected()
    {
        api.Fail(ApiFailure.Busy, TimeSpan.FromSeconds(9)).List("10").Watch(null, Bookmark("11"));

        Assert.InRange(Assert.Single(await RunAsync()).TotalSeconds, 9, 9.25);
    }

    [Contract("1", "Service, old servers: a refused field selector is left out, of a list and of a watch; headless ones are left out here")]
    [Fact]
    public async Task A_field_selector_that_is_refused_is_left_out_at_once_and_for_good()
    {
        api.Fail(ApiFailure.BadRequest).List("10").Watch(ApiFailure.Expired).List("20").Watch(null, Bookmark("21"));

        await RunAsync("spec.clusterIP!=None");

        Assert.Equal(["list spec.clusterIP!=None", "list", "watch 10", "list", "watch 20"], api.Calls);
        Assert.DoesNotContain(sink.Calls, c => c.StartsWith("failed", StringComparison.Ordinal));
    }

    [Contract("1", "Service, old servers: a refused field selector is left out, of a list and of a watch; headless ones are left out here")]
    [Fact]
    public async Task A_field_selector_that_only_the_watch_is_refused_is_left_out_of_a_new_list()
    {
        api.List("10").Fail(ApiFailure.BadRequest).List("20").Watch(null, Bookmark("21"));

        await RunAsync("spec.clusterIP!=None");

        Assert.Equal(["list spec.clusterIP!=None", "watch 10", "list", "watch 20"], api.Calls);
        Assert.DoesNotContain(sink.Calls, c => c.StartsWith("failed", StringComparison.Ordinal));
    }

    [Contract("1", "Node: the own one, and never another")]
    [Fact]
    public async Task A_field_selector_that_says_which_object_is_meant_is_never_left_out()
    {
        api.Fail(ApiFailure.BadRequest).List("10").Watch(null, Bookmark("11"));

        await RunAsync("metadata.name=node-1", fieldsMayGo: false);

        Assert.Equal(["list metadata.name=node-1", "list metadata.name=node-1", "watch 10"], api.Calls);
        Assert.Contains(sink.Calls, c => c.StartsWith("failed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_bad_request_without_field_selector_is_a_failure()
    {
        api.Fail(ApiFailure.BadRequest).List("10").Watch(null, Bookmark("11"));

        Assert.Single(await RunAsync());
        Assert.Equal("failed BadRequest", sink.Calls[0]);
    }

    [Fact]
    public async Task Watches_that_end_at_once_are_not_asked_for_in_a_tight_loop()
    {
        api.List("10").Watch(null).Watch(null).Watch(null).Watch(null);

        var waits = await RunAsync();

        Assert.Equal(4, waits.Count);
        Assert.True(waits[3] > waits[0], $"{waits[0]} then {waits[3]}");
    }

    [Fact]
    public async Task After_a_short_absence_the_watch_is_resumed_and_after_a_long_one_the_list_is_read_again()
    {
        api.List("10").Watch(ApiFailure.Cut, Bookmark("11")).Fail(ApiFailure.Unreachable).Watch(ApiFailure.Cut, Bookmark("12"));
        for (var i = 0; i < 9; i++) api.Fail(ApiFailure.Unreachable);
        api.List("3").Watch(null, Bookmark("4"));

        await RunAsync();

        Assert.Equal(["list", "watch 10", "watch 11", "watch 11", "watch 12"], api.Calls.Take(5));
        Assert.Equal(["list", "watch 3"], api.Calls.TakeLast(2));
    }

    /// <summary>A server that was restored from a backup has lower versions: its watches from ours are open and silent.</summary>
    [Theory]
    [InlineData(null)]
    [InlineData(ApiFailure.Cut)]
    [InlineData(ApiFailure.Silent)]
    public async Task Watches_that_brought_nothing_for_long_are_followed_by_a_list_where_there_were_bookmarks(ApiFailure? end)
    {
        api.List("10").Watch(null, Bookmark("15"));
        for (var i = 0; i < 4; i++) api.Silence(time, TimeSpan.FromMinutes(8), end);
        api.List("3", Web()).Watch(null, Bookmark("4"));

        await RunAsync();

        Assert.Equal(["list", "watch 10", .. Enumerable.Repeat("watch 15", 4), "list", "watch 3"], api.Calls);
        Assert.Contains("replace shop/web", sink.Calls);
        Assert.DoesNotContain(sink.Calls, c => c.StartsWith("failed", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(29, true)]
    [InlineData(60, false)]
    public async Task A_watch_that_brought_nothing_is_resumed_after_a_short_time_and_where_there_are_no_bookmarks(
        int minutes, bool bookmarks)
    {
        api.List("10").Watch(null, bookmarks ? Bookmark("15") : Set("15")).Silence(time, TimeSpan.FromMinutes(minutes))
            .Watch(null, Bookmark("16"));

        await RunAsync();

        Assert.Equal(["list", "watch 10", "watch 15", "watch 15"], api.Calls);
    }

    [Fact]
    public async Task A_watch_that_spoke_late_is_resumed()
    {
        api.List("10").Watch(null, Bookmark("15")).Silence(time, TimeSpan.FromMinutes(20)).Watch(null, Set("16"))
            .Silence(time, TimeSpan.FromMinutes(20)).Watch(null, Bookmark("17"));

        await RunAsync();

        Assert.DoesNotContain("list", api.Calls.Skip(1));
    }

    /// <summary>Their lists would be more work for a server that asks for less.</summary>
    [Theory]
    [InlineData(ApiFailure.Busy)]
    [InlineData(ApiFailure.Forbidden)]
    [InlineData(ApiFailure.Unauthorized)]
    public async Task A_server_that_answers_and_refuses_is_not_listed_again_however_long_it_does(ApiFailure refusal)
    {
        api.List("10").Watch(ApiFailure.Cut);
        for (var i = 0; i < 9; i++) api.Fail(refusal);
        api.Watch(null, Bookmark("11"));

        Assert.True((await RunAsync()).Sum(w => w.TotalSeconds) > 60);

        Assert.Equal("watch 10", Assert.Single(api.Calls.Skip(1).Distinct()));
    }

    public static TheoryData<string> Unforeseen
        => [nameof(FormatException), nameof(InvalidOperationException), nameof(NotSupportedException), nameof(OperationCanceledException)];

    private static Exception Make(string type) => type switch
    {
        nameof(FormatException) => new FormatException("The format of value 'Bearer a' is invalid."),
        nameof(InvalidOperationException) => new InvalidOperationException("no state for this"),
        nameof(NotSupportedException) => new NotSupportedException("not here"),
        _ => new OperationCanceledException("of somebody else's token"),
    };

    [Theory]
    [MemberData(nameof(Unforeseen))]
    public async Task Any_exception_of_a_request_is_reported_and_tried_again(string type)
    {
        api.Throw(Make(type)).List("10", Web()).Throw(Make(type)).List("20", Web()).Watch(null, Bookmark("21"));

        var waits = await RunAsync();

        Assert.Equal(["list", "list", "watch 10", "list", "watch 20"], api.Calls);
        Assert.Equal(2, sink.Calls.Count(c => c == "failed Internal"));
        Assert.InRange(waits[0].TotalSeconds, 0.125, 0.375);
    }

    [Fact]
    public async Task An_exception_of_the_sink_is_reported_and_everything_is_listed_again()
    {
        sink.Fault = new InvalidOperationException("a bug");
        api.List("10").Watch(null, Set("11"), Bookmark("12")).List("20", Web()).Watch(null, Bookmark("21"));

        await RunAsync();

        Assert.Equal(["list", "watch 10", "list", "watch 20"], api.Calls);
        Assert.Contains("failed Internal", sink.Calls);
    }

    [Fact]
    public async Task A_wait_that_the_server_asks_for_is_bounded()
    {
        api.Fail(ApiFailure.Busy, TimeSpan.FromDays(24_855)).List("10").Watch(null, Bookmark("11"));

        Assert.InRange(Assert.Single(await RunAsync()).TotalSeconds, 300, 301);
    }

    private static WatchEvent<Service> InitialEnd(string version) => new(WatchEventType.InitialEventsEnd, new("", ""), null, version);

    private static WatchEvent<Service> Named(string name, string version, bool isThere = true)
        => new(isThere ? WatchEventType.Set : WatchEventType.Deleted, new("shop", name),
            isThere ? Web() with { Name = new("shop", name) } : null, version);

    [Fact]
    public async Task A_streaming_list_takes_effect_in_one_go_with_what_changed_meanwhile()
    {
        api.Watch(null, Named("a", "5"), Named("b", "6"), Named("c", "7"), Named("b", "11", isThere: false), Named("d", "12"),
            InitialEnd("12"), Set("13", 81), Bookmark("15"))
            .Watch(null, Bookmark("20"));

        Assert.Empty(await RunAsync(streaming: true));

        Assert.Equal(["stream", "watch 15"], api.Calls);
        Assert.Equal(["replace", "shop/a", "shop/c", "shop/d"], sink.Calls[0].Split(' ').Order());
        Assert.Equal([sink.Calls[0], "Set shop/web 81"], sink.Calls.Where(c => c != "contact"));
    }

    [Theory]
    [InlineData(ApiFailure.Invalid)]
    [InlineData(ApiFailure.BadRequest)]
    public async Task A_server_that_refuses_streaming_lists_is_listed_at_once_and_not_asked_again(ApiFailure refusal)
    {
        api.Fail(refusal).List("10").Watch(ApiFailure.Expired).List("20").Watch(null, Bookmark("21"));

        Assert.Single(await RunAsync(streaming: true));

        Assert.Equal(["stream", "list", "watch 10", "list", "watch 20"], api.Calls);
        Assert.DoesNotContain(sink.Calls, c => c.StartsWith("failed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_field_selector_that_a_streaming_list_is_refused_is_left_out_of_the_next()
    {
        api.Fail(ApiFailure.BadRequest).Watch(null, Named("a", "5"), InitialEnd("12"), Bookmark("13"));

        await RunAsync("spec.clusterIP!=None", streaming: true);

        Assert.Equal(["stream spec.clusterIP!=None", "stream"], api.Calls);
    }

    [Theory]
    [InlineData(ApiFailure.Silent)]
    [InlineData(ApiFailure.Malformed)]
    [InlineData(null)]
    public async Task A_streaming_list_without_an_end_is_replaced_by_a_list_and_given_up_the_second_time(ApiFailure? end)
    {
        api.Watch(end, Named("a", "5"), Named("b", "6")).List("10", Web()).Watch(ApiFailure.Expired)
            .Watch(end, Named("a", "5")).List("20", Web()).Watch(ApiFailure.Expired)
            .List("30", Web()).Watch(null, Bookmark("31"));

        await RunAsync(streaming: true);

        Assert.Equal(["stream", "list", "watch 10", "stream", "list", "watch 20", "list", "watch 30"], api.Calls);
        // Half a collection never takes effect.
        Assert.All(sink.Calls.Where(c => c.StartsWith("replace", StringComparison.Ordinal)), c => Assert.Equal("replace shop/web", c));
    }

    [Fact]
    public async Task A_plain_bookmark_before_the_end_shows_a_server_that_ignores_the_option()
    {
        api.Watch(null, Named("a", "5"), Bookmark("6"), Named("b", "7")).List("10", Web()).Watch(null, Bookmark("11"));

        await RunAsync(streaming: true);

        Assert.Equal(["stream", "list", "watch 10"], api.Calls);
    }

    [Fact]
    public async Task A_streaming_list_that_is_cut_is_a_failure_and_begins_again()
    {
        api.Watch(ApiFailure.Cut, Named("a", "5")).Watch(null, Named("b", "6"), InitialEnd("12"), Bookmark("13"));

        Assert.Single(await RunAsync(streaming: true));

        Assert.Equal(["stream", "stream"], api.Calls);
        Assert.Equal(["failed Cut", "replace shop/b"], sink.Calls.Where(c => c != "contact"));
    }

    private sealed class RecordingSink : IReflectorSink<Service>
    {
        public List<string> Calls { get; } = [];

        /// <summary>What the next change is answered with.</summary>
        public Exception? Fault { get; set; }

        public void Replace(IReadOnlyList<Service> items) => Calls.Add($"replace {string.Join(' ', items.Select(i => i.Name))}");

        public void Apply(WatchEvent<Service> change)
        {
            if (Fault is { } fault)
            {
                Fault = null;
                throw fault;
            }
            Calls.Add($"{change.Type} {change.Name} {change.Object?.Ports[0].Port}");
        }

        public void Contact() => Calls.Add("contact");

        public void Failed(ApiException failure) => Calls.Add($"failed {failure.Failure}");
    }
}
