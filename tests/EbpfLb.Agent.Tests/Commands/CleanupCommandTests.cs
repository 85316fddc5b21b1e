using EbpfLb.Agent.Hosting;
using EbpfLb.Agent.Tests.Fakes;

namespace EbpfLb.Agent.Tests.Commands;

public sealed class CleanupCommandTests : IDisposable
{
    private readonly TestCommandLine line = new() { Remover = new FakeRemover("default", "lab") };
    private readonly TemporaryDirectory directory = new();

    public void Dispose()
    {
        line.Dispose();
        directory.Dispose();
    }

    [Fact]
    public async Task One_instance_goes_with_its_files_and_the_others_stay()
    {
        await File.WriteAllTextAsync(directory.File("lab.sock"), "", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(directory.File("default.lock"), "", TestContext.Current.CancellationToken);
        Assert.Equal(0, await line.RunAsync("cleanup", "--instance", "lab", "--run-dir", directory.Path));
        Assert.Equal(["lab"], line.Remover.Removed);
        Assert.False(File.Exists(directory.File("lab.sock")));
        Assert.True(File.Exists(directory.File("default.lock")));
        Assert.Contains("removed /sys/fs/bpf/ebpflb/lab/links/connect4", line.Output);
    }

    [Fact]
    public async Task The_run_directory_goes_with_the_last_instance()
    {
        Assert.Equal(0, await line.RunAsync("cleanup", "--all-instances", "--run-dir", directory.Path));
        Assert.Equal(["default", "lab"], line.Remover.Removed);
        Assert.False(Directory.Exists(directory.Path));
    }

    /// <summary>Of what else is there nobody knows whether it is an agent's.</summary>
    [Fact]
    public async Task Instances_that_have_no_pins_any_more_are_found_by_their_drains_and_history()
    {
        string[] left = ["old.drains", "older.history", "cut.history.new"], others = ["notes.lock", "notes.sock", "a b.history", ".drains"];
        foreach (var name in left.Concat(others).Append("lab.history"))
            await File.WriteAllTextAsync(directory.File(name), "", TestContext.Current.CancellationToken);
        Assert.Equal(0, await line.RunAsync("cleanup", "--all-instances", "--run-dir", directory.Path));
        Assert.Equal(["cut", "default", "lab", "old", "older"], line.Remover.Removed);
        Assert.All(left, name => Assert.Contains($"removed {directory.File(name)}", line.Output));
        Assert.Equal(others.ToHashSet(), Directory.GetFiles(directory.Path).Select(file => Path.GetFileName(file)).ToHashSet());
    }

    [Fact]
    public async Task A_file_of_somebody_else_stays()
    {
        await File.WriteAllTextAsync(directory.File("notes"), "", TestContext.Current.CancellationToken);
        Assert.Equal(0, await line.RunAsync("cleanup", "--run-dir", directory.Path));
        Assert.True(File.Exists(directory.File("notes")));
    }

    /// <summary>An agent that is killed while it writes a file leaves the new one beside the old one.</summary>
    [Fact]
    public async Task What_an_agent_had_not_written_to_its_end_goes_too()
    {
        foreach (var name in (string[])["lab.drains.new", "lab.history.new", "lab.drains"])
            await File.WriteAllTextAsync(directory.File(name), "[", TestContext.Current.CancellationToken);
        Assert.Equal(0, await line.RunAsync("cleanup", "--instance", "lab", "--run-dir", directory.Path));
        Assert.False(Directory.Exists(directory.Path));
    }

    [Fact]
    public async Task It_refuses_while_an_agent_runs_unless_forced()
    {
        using var agent = InstanceLock.TryTake(directory.File("lab.lock"));
        Assert.NotNull(agent);
        Assert.Equal(1, await line.RunAsync("cleanup", "--all-instances", "--run-dir", directory.Path));
        Assert.Equal(["default"], line.Remover.Removed);
        Assert.Contains("the agent of instance 'lab' runs", line.Error);
        Assert.Contains("--force", line.Error);

        Assert.Equal(0, await line.RunAsync("cleanup", "--instance", "lab", "--force", "--run-dir", directory.Path));
        Assert.Equal(["default", "lab"], line.Remover.Removed);
        Assert.True(File.Exists(directory.File("lab.lock")));
        Assert.Contains("stop it and run this again", line.Error);
    }

    [Fact]
    public async Task Nothing_there_is_fine()
    {
        Assert.Equal(0, await line.RunAsync("cleanup", "--instance", "other", "--run-dir", directory.File("missing")));
        Assert.Contains("instance 'other' not found", line.Output);
    }
}
