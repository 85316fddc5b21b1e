using System.Text.Json;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.History;

/// <summary>`ebpflb history` of a real agent, over its end and the next one.</summary>
public sealed class HistoryTests : IDisposable
{
    private readonly TestNode node = new();

    public void Dispose() => node.Dispose();

    [Fact]
    public void What_was_programmed_is_told_also_by_the_next_agent_and_to_who_follows()
    {
        var service = node.Publish("a", "b");
        var name = $"default/{service.Manifest.Name}";
        using var follower = node.Agent.Start("history", "--follow", "--service", name, "-o", "jsonpath={.changes[0].change}{\"\\n\"}");
        Eventually.True(() => follower.Output.Contains("added\n", StringComparison.Ordinal), () => $"what is kept: {follower.Output}");

        node.Publish(service with { Manifest = service.Manifest with { Endpoints = node.Addresses("b", "c") } });
        Eventually.True(() => follower.Output.Contains("changed\n", StringComparison.Ordinal), () => $"the change: {follower.Output}");
        var changed = Plans(name)[^1];
        var backends = changed.GetProperty("changes")[0].GetProperty("backends");
        Assert.Equal((true, "source"), (changed.GetProperty("programmed").GetBoolean(), changed.GetProperty("cause").GetString()));
        Assert.True(changed.GetProperty("milliseconds").GetDouble() > 0);
        Assert.True(backends.GetProperty("added").GetInt32() > 0 && backends.GetProperty("removed").GetInt32() > 0, $"{backends}");
        Assert.Equal(changed.GetProperty("time").GetDateTimeOffset(), LastChange(name));

        Assert.Equal(0, node.Agent.Terminate());
        Assert.Equal(3, node.Agent.Command("history").ExitCode);
        node.Agent.Launch();
        node.Agent.WaitUntilReady();

        var after = Plans(name);
        Assert.Equal(["added", "changed"], after.Select(p => p.GetProperty("changes")[0].GetProperty("change").GetString()));
        Assert.Equal("start", Plans(null)[^1].GetProperty("cause").GetString());
        // The agent before ended in order, and this one found the tables as they should be.
        Assert.Equal(changed.GetProperty("time").GetDateTimeOffset(), LastChange(name));
        node.Manifests.Remove(service.Manifest.Name);
        Eventually.True(() => follower.Output.Contains("removed\n", StringComparison.Ordinal),
            () => $"the next agent's: {follower.Output}");
        Assert.Contains("is back", follower.Output, StringComparison.Ordinal);
        Assert.Equal(["added", "changed", "removed"],
            follower.Output.Split([' ', '\n']).Where(w => w is "added" or "changed" or "removed"));
    }

    [Fact]
    public void What_changed_before_an_agent_was_killed_or_while_none_ran_is_not_known_of_any_Service()
    {
        var (first, second) = (node.Publish("a"), node.Publish("b"));
        var names = new[] { first, second }.Select(s => $"default/{s.Manifest.Name}").ToList();
        Assert.All(names, n => Assert.NotNull(LastChange(n)));

        node.Agent.Kill();
        node.Agent.Launch();
        node.Agent.WaitUntilReady();
        Assert.All(names, n => Assert.Null(LastChange(n)));

        node.Publish(first with { Manifest = first.Manifest with { Endpoints = node.Addresses("b") } });
        Eventually.True(() => LastChange(names[0]) is not null, "the change to be programmed");
        Assert.Equal(0, node.Agent.Terminate());
        node.Manifests.Put(second.Manifest with { Endpoints = node.Addresses("a") });
        node.Agent.Launch();
        node.Agent.WaitUntilReady();
        Assert.All(names, n => Assert.Null(LastChange(n)));
    }

    private List<JsonElement> Plans(string? service) => [.. node.Agent.Json("history", service is null ? [] : ["--service", service])
        .GetProperty("plans").EnumerateArray()];

    private DateTimeOffset? LastChange(string service)
    {
        var time = node.Agent.Json("services", service).GetProperty("services")[0].GetProperty("lastChange");
        return time.ValueKind == JsonValueKind.Null ? null : time.GetDateTimeOffset();
    }
}
