using EbpfLb.Model;

namespace EbpfLb.Kubernetes.Tests.Manifests;

public sealed class WatchingTests : IDisposable
{
    private readonly ManifestFolder folder = new();

    public void Dispose() => folder.Dispose();

    /// <summary>A source that would notice nothing by looking: what it sees, the kernel told it.</summary>
    private RunningSource Watched() => new(folder.Source(o => o with { Rescan = TimeSpan.FromHours(1) }));

    [Fact]
    public async Task Files_that_come_change_and_go_are_followed()
    {
        await using var source = Watched();
        await source.UntilAsync(s => s.Services.IsEmpty);

        folder.With("web.yaml", ManifestText.Service("web"));
        await source.UntilAsync(s => s.ClusterIP("web") == "10.96.0.80");

        folder.With("web.yaml", ManifestText.Service("web", "10.96.0.81"));
        await source.UntilAsync(s => s.ClusterIP("web") == "10.96.0.81");

        File.Delete(folder.PathOf("web.yaml"));
        await source.UntilAsync(s => s.Services.IsEmpty);
    }

    [Fact]
    public async Task A_file_written_in_place_is_followed()
    {
        folder.With("web.yaml", ManifestText.Service("web"));
        await using var source = Watched();
        await source.UntilAsync(s => s.Has("web"));

        await File.WriteAllTextAsync(folder.PathOf("web.yaml"), ManifestText.Service("web", "10.96.0.82"));
        await source.UntilAsync(s => s.ClusterIP("web") == "10.96.0.82");
    }

    [Fact]
    public async Task A_file_that_is_closed_or_renamed_is_read_at_once()
    {
        // A source that waits an hour for a file to be quiet: it does not wait.
        await using var source = new RunningSource(folder.Source(o
            => o with { Rescan = TimeSpan.FromHours(1), Debounce = TimeSpan.FromHours(1), LongestDebounce = TimeSpan.FromHours(1) }));
        await source.UntilAsync(s => s.Services.IsEmpty);

        folder.With("web.yaml", ManifestText.Service("web"));
        await source.UntilAsync(s => s.ClusterIP("web") == "10.96.0.80");
        await File.WriteAllTextAsync(folder.PathOf("web.yaml"), ManifestText.Service("web", "10.96.0.82"));
        await source.UntilAsync(s => s.ClusterIP("web") == "10.96.0.82");
        File.Delete(folder.PathOf("web.yaml"));
        await source.UntilAsync(s => s.Services.IsEmpty);
    }

    [Fact]
    public async Task A_file_is_not_read_before_it_is_closed()
    {
        folder.With("web.yaml", ManifestText.Service("web"));
        await using var source = new RunningSource(folder.Source(o
            => o with { Rescan = TimeSpan.FromHours(1), Debounce = TimeSpan.FromHours(1), LongestDebounce = TimeSpan.FromHours(1) }));
        await source.UntilAsync(s => s.Has("web"));

        await using (var half = new StreamWriter(folder.PathOf("web.yaml")))
        {
            // Whole by itself, and without the Service.
            await half.WriteAsync(ManifestText.Service("other", "10.96.0.9"));
            await half.FlushAsync();
            Directory.CreateDirectory(folder.PathOf("sub"));
            folder.With("echo.yaml", ManifestText.Service("echo", "10.96.0.7"));
            var between = await source.UntilAsync(s => s.Has("echo"));
            Assert.True(between.Has("web"));
            await half.WriteAsync("\n---\n" + ManifestText.Service("web", "10.96.0.83"));
        }
        await source.UntilAsync(s => s.Has("other") && s.ClusterIP("web") == "10.96.0.83");
    }

    [Fact]
    public async Task A_file_that_stays_open_is_read_when_it_has_been_quiet()
    {
        await using var source = Watched();
        await source.UntilAsync(s => s.Services.IsEmpty);
        await using var open = new StreamWriter(folder.PathOf("web.yaml"));
        await open.WriteAsync(ManifestText.Service("web"));
        await open.FlushAsync();
        await source.UntilAsync(s => s.Has("web"));
    }

    [Fact]
    public async Task Subdirectories_are_read_and_followed()
    {
        folder.With("team-a/web.yaml", ManifestText.Service("web"));
        await using var source = Watched();
        await source.UntilAsync(s => s.Has("web"));

        folder.With("team-a/deep/echo.yml", ManifestText.Service("echo", "10.96.0.7"));
        await source.UntilAsync(s => s.Has("echo") && s.Has("web"));

        Directory.Delete(folder.PathOf("team-a"), recursive: true);
        await source.UntilAsync(s => s.Services.IsEmpty);
    }

    [Fact]
    public async Task A_change_keeps_the_references_of_what_it_does_not_touch()
    {
        folder.With("a.yaml", ManifestText.Service("a", "10.96.0.1") + "\n---\n" + ManifestText.Slice("a-1", "a", "10.244.0.1"));
        folder.With("b.yaml", ManifestText.Service("b", "10.96.0.2"));
        await using var source = Watched();
        var before = await source.UntilAsync(s => s.Has("a") && s.Has("b"));

        folder.With("b.yaml", ManifestText.Service("b", "10.96.0.3"));
        var after = await source.UntilAsync(s => s.ClusterIP("b") == "10.96.0.3");

        Assert.Same(before.Services[ManifestText.Default("a")], after.Services[ManifestText.Default("a")]);
    }

    [Fact]
    public async Task Rewriting_the_same_content_makes_no_snapshot()
    {
        folder.With("a.yaml", ManifestText.Service("a", "10.96.0.1"));
        await using var source = Watched();
        await source.UntilAsync(s => s.Has("a"));
        var before = source.Snapshots;

        var contact = source.Source.Status.LastContact;
        folder.With("a.yaml", "# only a comment more\n" + ManifestText.Service("a", "10.96.0.1"));
        await source.UntilStatusAsync(s => s.LastContact > contact);

        folder.With("z.yaml", ManifestText.Service("z", "10.96.0.9"));
        await source.UntilAsync(s => s.Has("z"));
        Assert.Equal(before + 1, source.Snapshots);
    }

    [Fact]
    public async Task A_ConfigMap_volume_that_turns_its_data_link_is_followed()
    {
        // As the kubelet writes it: web.yaml -> ..data/web.yaml, ..data -> ..1, all files with the same size and time.
        var time = new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        Fill("..1", "10.96.0.81");
        File.CreateSymbolicLink(folder.PathOf("..data"), "..1");
        File.CreateSymbolicLink(folder.PathOf("web.yaml"), "..data/web.yaml");
        await using var source = Watched();
        await source.UntilAsync(s => s.ClusterIP("web") == "10.96.0.81");

        Fill("..2", "10.96.0.82");
        File.CreateSymbolicLink(folder.PathOf("..data_tmp"), "..2");
        await folder.RenameAsync("..data_tmp", "..data");
        var snapshot = await source.UntilAsync(s => s.ClusterIP("web") == "10.96.0.82");

        Assert.Single(snapshot.Services);
        Assert.Null(source.Source.Status.Error);

        void Fill(string directory, string address)
        {
            folder.With($"{directory}/web.yaml", ManifestText.Service("web", address));
            File.SetLastWriteTimeUtc(folder.PathOf($"{directory}/web.yaml"), time);
        }
    }

    [Fact]
    public async Task The_root_may_be_a_link_that_is_turned()
    {
        folder.With("v1/web.yaml", ManifestText.Service("web", "10.96.0.81"));
        folder.With("v2/web.yaml", ManifestText.Service("web", "10.96.0.82"));
        var link = folder.PathOf("current");
        File.CreateSymbolicLink(link, "v1");
        await using var source = new RunningSource(folder.Source(o => o with { Rescan = TimeSpan.FromMilliseconds(20) }, link));
        await source.UntilAsync(s => s.ClusterIP("web") == "10.96.0.81");

        File.CreateSymbolicLink(folder.PathOf("next"), "v2");
        await folder.RenameAsync("next", "current");
        await source.UntilAsync(s => s.ClusterIP("web") == "10.96.0.82");
    }

    [Fact]
    public async Task Looking_finds_what_nobody_told_of()
    {
        // The file lies outside the watched directory, behind a link.
        using var elsewhere = new ManifestFolder();
        elsewhere.With("web.yaml", ManifestText.Service("web", "10.96.0.81"));
        File.CreateSymbolicLink(folder.PathOf("web.yaml"), elsewhere.PathOf("web.yaml"));
        await using var source = new RunningSource(folder.Source(o => o with { Rescan = TimeSpan.FromMilliseconds(20) }));
        await source.UntilAsync(s => s.ClusterIP("web") == "10.96.0.81");

        elsewhere.With("web.yaml", ManifestText.Service("web", "10.96.0.82"));
        await source.UntilAsync(s => s.ClusterIP("web") == "10.96.0.82");
    }

    [Fact]
    public async Task Two_writes_of_the_same_size_in_one_tick_are_both_seen()
    {
        // A time that stays recent however long the test takes.
        var time = DateTime.UtcNow.AddHours(1);
        folder.With("web.yaml", ManifestText.Service("web", "10.96.0.81"));
        File.SetLastWriteTimeUtc(folder.PathOf("web.yaml"), time);
        await using var source = new RunningSource(folder.Source(o => o with { Rescan = TimeSpan.FromMilliseconds(20) }));
        await source.UntilAsync(s => s.ClusterIP("web") == "10.96.0.81");

        await File.WriteAllTextAsync(folder.PathOf("web.yaml"), ManifestText.Service("web", "10.96.0.82"));
        File.SetLastWriteTimeUtc(folder.PathOf("web.yaml"), time);
        await source.UntilAsync(s => s.ClusterIP("web") == "10.96.0.82");
    }

    [Fact]
    public async Task A_directory_that_is_not_there_yet_is_waited_for()
    {
        var path = folder.PathOf("later");
        await using var source = new RunningSource(folder.Source(o => o with { RescanUnwatched = TimeSpan.FromMilliseconds(20) }, path));
        await source.UntilStatusAsync(s => s.Error is not null);
        Assert.Equal($"{path} does not exist; create it or correct --manifests", source.Source.Status.Error);
        Assert.False(source.Source.Status.IsSynced);
        Assert.Null(source.Latest);

        folder.With("later/web.yaml", ManifestText.Service("web"));
        await source.UntilAsync(s => s.Has("web"), s => s is { IsSynced: true, Error: null });
    }

    [Fact]
    public async Task A_directory_that_goes_away_leaves_its_services_in_use()
    {
        folder.With("sub/web.yaml", ManifestText.Service("web"));
        var path = folder.PathOf("sub");
        await using var source = new RunningSource(folder.Source(
            o => o with { Rescan = TimeSpan.FromMilliseconds(20), RescanUnwatched = TimeSpan.FromMilliseconds(20) }, path));
        await source.UntilAsync(s => s.Has("web"));

        Directory.Move(path, folder.PathOf("gone"));
        await source.UntilStatusAsync(s => s.Error is not null);
        Assert.True(source.Latest!.Has("web"));

        Directory.Move(folder.PathOf("gone"), path);
        folder.With("sub/echo.yaml", ManifestText.Service("echo", "10.96.0.7"));
        await source.UntilAsync(s => s.Has("web") && s.Has("echo"), s => s.Error is null);
    }

    [Fact]
    public async Task One_file_may_be_the_source()
    {
        folder.With("state.conf", ManifestText.Service("web"));
        folder.With("other.yaml", ManifestText.Service("other", "10.96.0.9"));
        await using var source = new RunningSource(
            folder.Source(o => o with { Rescan = TimeSpan.FromHours(1) }, folder.PathOf("state.conf")));
        var snapshot = await source.UntilAsync(s => s.Has("web"));
        Assert.Single(snapshot.Services);

        folder.With("state.conf", ManifestText.Service("web", "10.96.0.81"));
        await source.UntilAsync(s => s.ClusterIP("web") == "10.96.0.81");
    }

    [Fact]
    public async Task Hidden_files_and_editors_copies_are_not_read()
    {
        folder.With("web.yaml", ManifestText.Service("web"));
        foreach (var name in new[]
        {
            ".web.yaml", ".web.yaml.swp", "web.yaml~", "#web.yaml#", "web.yaml.bak", "4913", "README.md", ".git/x.yaml", "..data/x.yaml",
            ".yaml",
        })
            folder.With(name, ManifestText.Service("hidden", "10.96.0.9"));
        var loaded = await folder.LoadAsync();
        Assert.Equal(["default/web"], loaded.ServiceNames);
        Assert.Empty(loaded.Errors);
    }

    [Fact]
    public async Task A_link_in_a_circle_and_a_link_to_nothing_do_no_harm()
    {
        folder.With("web.yaml", ManifestText.Service("web"));
        File.CreateSymbolicLink(folder.PathOf("loop"), ".");
        File.CreateSymbolicLink(folder.PathOf("dangling.yaml"), "nowhere.yaml");
        File.CreateSymbolicLink(folder.PathOf("self.yaml"), "self.yaml");
        var loaded = await folder.LoadAsync();
        Assert.Equal(["default/web"], loaded.ServiceNames);
    }

    [Fact]
    public async Task A_slow_reader_gets_the_latest_state()
    {
        folder.With("web.yaml", ManifestText.Service("web", "10.96.0.1"));
        await using var snapshots = folder.Source(o => o with { Rescan = TimeSpan.FromHours(1) }).ReadAsync(default).GetAsyncEnumerator();
        Assert.True(await snapshots.MoveNextAsync());
        for (var i = 2; i <= 9; i++) folder.With("web.yaml", ManifestText.Service("web", $"10.96.0.{i}"));
        Assert.True(await snapshots.MoveNextAsync());
        Assert.Equal("10.96.0.9", snapshots.Current.ClusterIP("web"));
    }

    [Fact]
    public async Task Status_tells_how_the_source_is_doing()
    {
        var source = folder.Source();
        Assert.Equal(new SourceStatus(folder.Root, false, null, null), source.Status);
        await using var running = new RunningSource(source);
        await running.UntilAsync(s => s.Services.IsEmpty);
        Assert.True(source.Status.IsSynced);
        Assert.NotNull(source.Status.LastContact);
        Assert.Null(source.Status.Error);
    }
}
