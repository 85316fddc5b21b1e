using System.CommandLine;
using System.CommandLine.Parsing;
using EbpfLb.Agent.Options;
using EbpfLb.Configuration.Fields;
using EbpfLb.Model;

namespace EbpfLb.Agent.Commands;

/// <summary>
/// The options of `ebpflb run`. All but a few stand for a field of one of the two configurations: what is given goes over what the file
/// says, but for kube-proxy's own options beside a file, which then do not count (docs/contract.md 17).
/// </summary>
internal sealed class RunOptionSet(InstanceEnvironment environment)
{
    private readonly ProcessFlagSet bare = new();

    private readonly IReadOnlyList<ConfigOption> proxy = ConfigOption.Of(ConfigDocument.OfKubeProxy.Rows);

    private readonly IReadOnlyList<ConfigOption> own = ConfigOption.Of(ConfigDocument.Own.Rows);

    public void AddTo(Command command)
    {
        bare.AddTo(command);
        foreach (var option in own.Concat(proxy)) command.Options.Add(option.Option);
        command.AddCheck(result =>
        {
            foreach (var error in Check(result)) result.AddError(error);
        });
    }

    public RunRequest Read(ParseResult result)
    {
        var command = result.CommandResult;
        var hasFile = bare.ConfigPath(result) is not null;
        var ignored = hasFile ? proxy.Where(o => !o.Row.CountsBesideFile && o.IsGiven(command)).ToList() : [];
        var counted = proxy.Except(ignored).Concat(own).ToList();
        return new RunRequest
        {
            ConfigPath = bare.ConfigPath(result),
            Overlay = file => counted.Aggregate(file with { EbpfLb = environment.Over(file.EbpfLb) }, (config, option)
                => option.Apply(command, config)),
            SetsOomScore = hasFile || proxy.Any(o => o.Name == OptionNames.OomScoreAdj && o.IsGiven(command)),
            Flags = [.. command.Children.OfType<OptionResult>().Where(o => !o.Implicit)
                .Select(o => $"{o.Option.Name.TrimStart('-')}={string.Join(',', o.Tokens.Select(t => t.Value))}")],
            IgnoredOptions = [.. ignored.Select(o => o.Name)],
            OldOptions = [.. bare.Old(result)],
            WriteConfigTo = bare.WriteConfigTo(result),
            Cleanup = bare.Cleanup(result),
            InitOnly = bare.InitOnly(result),
            ShowVersion = bare.Version(result),
        };
    }

    /// <summary>Beside a file only the forms are looked at: what values may be depends on it.</summary>
    private IEnumerable<string> Check(CommandResult result)
    {
        var hasFile = bare.HasConfig(result);
        foreach (var error in ConfigErrors.Of(result, hasFile ? own : own.Concat(proxy), formsOnly: hasFile)) yield return error;
        if (!Has(OptionNames.Instance) && environment.Problem is { } problem) yield return problem;
        if (Has(OptionNames.Manifests) && Has(OptionNames.Kubeconfig) && !hasFile)
            yield return $"{OptionNames.Manifests} and {OptionNames.Kubeconfig} exclude each other: the "
            + "cluster's state has one source";

        bool Has(string name) => own.Concat(proxy).Any(o => o.Name == name && o.IsGiven(result));
    }
}
