using System.Text.Json;
using EbpfLb.Agent.Commands.Doctor;
using EbpfLb.Agent.Tests.Fakes;
using EbpfLb.Configuration;

namespace EbpfLb.Agent.Tests.Doctor;

public sealed class DoctorCommandTests
{
    private static readonly CheckResult Good = CheckResult.Ok("kernel.version", "Linux 6.18.1");
    private static readonly CheckResult Bad = CheckResult.Problem("sysctl.forwarding", "IPv4 forwarding is off", "switch it on");
    private static readonly CheckResult Dark = CheckResult.NotKnown("rights.agent", "no agent runs in this pid namespace");

    [Fact]
    public async Task It_prints_a_line_a_check_with_what_to_do_below_and_ends_with_the_counts()
    {
        using var line = new TestCommandLine { Checks = [Good, Bad, Dark] };

        var code = await line.RunAsync("doctor");

        Assert.Equal(1, code);
        Assert.Equal(
            """
            kernel.version      ok        Linux 6.18.1
            sysctl.forwarding   problem   IPv4 forwarding is off
                                          -> switch it on
            rights.agent        unknown   no agent runs in this pid namespace

            Instance default, options: defaults
            1 ok, 0 warnings, 1 problem, 1 unknown

            """, line.Output);
    }

    [Fact]
    public async Task Without_a_problem_it_ends_with_0_and_what_is_unknown_is_counted_but_not_as_ok()
    {
        using var line = new TestCommandLine { Checks = [Good, Dark, CheckResult.Warning("ports.local", "one in common", "move it")] };

        Assert.Equal(0, await line.RunAsync("doctor", "-o", "json"));

        var report = JsonDocument.Parse(line.Output).RootElement;
        Assert.Equal((0, 1, 1), (report.GetProperty("problems").GetInt32(), report.GetProperty("warnings").GetInt32(),
            report.GetProperty("unknown").GetInt32()));
        Assert.Equal(["ok", "unknown", "warning"],
            report.GetProperty("checks").EnumerateArray().Select(c => c.GetProperty("state").GetString()));
        Assert.Equal("move it", report.GetProperty("checks")[2].GetProperty("remedy").GetString());
    }

    [Theory]
    [InlineData("jsonpath={range .checks[?(@.state==\"problem\")]}{.check}: {.remedy};{end}", "sysctl.forwarding: switch it on;")]
    [InlineData("jsonpath={.problems}", "1")]
    [InlineData("yaml", "check: \"sysctl.forwarding\"\n")]
    public async Task It_answers_in_the_forms_of_lists(string form, string expected)
    {
        using var line = new TestCommandLine { Checks = [Good, Bad, Dark] };

        Assert.Equal(1, await line.RunAsync("doctor", "-o", form));

        if (form == "yaml") Assert.Contains(expected, line.Output);
        else Assert.Equal(expected, line.Output);
    }

    [Fact]
    public async Task It_takes_the_options_of_an_agent_and_a_wrong_one_is_usage()
    {
        using var line = new TestCommandLine { Checks = [Good] };

        Assert.Equal(0, await line.RunAsync(
            "doctor", "--instance", "lab", "--manifests", "/m", "--snat-ports", "1024-2047", "--sync-period", "10s"));
        var (config, origin) = line.Examined!.Choose(running: null);
        Assert.Equal(("lab", "/m", "1024-2047"), (line.Examined.Instance.Name, config.EbpfLb.Manifests, config.EbpfLb.SnatPorts));
        Assert.EndsWith("with the options that were given", origin, StringComparison.Ordinal);

        Assert.Equal(2, await line.RunAsync("doctor", "--snat-ports", "many"));
        Assert.Contains("--snat-ports", line.Error);
    }

    [Theory]
    [InlineData("--kubeconfig", "/k", "")]
    [InlineData("--api-server", "https://10.0.0.1:6443", "")]
    [InlineData("--devices", "eth0", "/running")]
    [InlineData("--manifests", "/m", "/m")]
    public async Task An_API_server_that_is_named_takes_the_place_of_the_agents_manifests(string option, string value, string manifests)
    {
        using var line = new TestCommandLine { Checks = [Good] };
        var running = LoadedConfig.Default with { EbpfLb = LoadedConfig.Default.EbpfLb with { Manifests = "/running" } };

        Assert.Equal(0, await line.RunAsync("doctor", option, value));

        Assert.Equal(manifests, line.Examined!.Choose(running).Config.EbpfLb.Manifests);
    }

    [Fact]
    public async Task A_running_agents_configuration_counts_unless_a_file_is_named()
    {
        using var line = new TestCommandLine { Checks = [Good] };
        Assert.Equal(0, await line.RunAsync("doctor"));
        var running = LoadedConfig.Default with { EbpfLb = LoadedConfig.Default.EbpfLb with { Manifests = "/running" } };
        Assert.Equal(("/running", "the running agent's"),
            line.Examined!.Choose(running) is var (config, origin) ? (config.EbpfLb.Manifests, origin) : default);

        using var directory = new TemporaryDirectory();
        var file = Path.Combine(directory.Path, "config.yaml");
        await File.WriteAllTextAsync(
            file, "apiVersion: ebpflb.io/v1alpha1\nkind: EbpfLbConfiguration\nmanifests: /file\n", TestContext.Current.CancellationToken);
        Assert.Equal(0, await line.RunAsync("doctor", "--config", file));
        Assert.Equal("/file", line.Examined.Choose(running).Config.EbpfLb.Manifests);
    }
}
