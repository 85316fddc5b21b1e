using System.CommandLine;
using System.CommandLine.Parsing;
using EbpfLb.Configuration.KubeProxy;
using EbpfLb.Model;

namespace EbpfLb.Agent.Commands;

/// <summary>Flags of kube-proxy that stand for no field: what to do in place of running, and what is left of older versions.</summary>
internal sealed class ProcessFlagSet
{
    private readonly Option<string> config = new(OptionNames.Config)
    {
        HelpName = "FILE",
        Description = "A KubeProxyConfiguration, an EbpfLbConfiguration or both, as YAML or JSON, "
            + "or kubeadm's ConfigMap; its changes are applied as they come. "
            + "kube-proxy's own options do not count beside it, ours go before it",
    };

    private readonly Option<string> writeConfigTo
        = new(OptionNames.WriteConfigTo) { HelpName = "FILE", Description = "Write the configuration in force to this file and end" };

    private readonly Option<bool> cleanup = new(OptionNames.Cleanup) { Description = "Do what `ebpflb cleanup` does and end" };

    private readonly Option<bool> initOnly
        = new(OptionNames.InitOnly) { Description = "Switch forwarding on and end, for an init container with more rights" };

    private readonly Option<string> version
        = new(OptionNames.Version) { Description = "Show the version and end", Arity = ArgumentArity.ZeroOrOne, HelpName = "true|raw" };

    private readonly List<Option<string>> old =
    [
        .. KubeProxyFlags.All.Where(f => !f.HasMeaning)
            .Select(f => new Option<string>(f.Option!) { Hidden = true, Arity = ArgumentArity.ZeroOrOne }),
    ];

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { config, writeConfigTo, cleanup, initOnly, version }.Concat(old)) command.Options.Add(option);
    }

    public string? ConfigPath(ParseResult result) => result.GetValue(config);

    public bool HasConfig(SymbolResult result) => result.GetResult(config) is { Implicit: false };

    public string? WriteConfigTo(ParseResult result) => result.GetValue(writeConfigTo);

    public bool Cleanup(ParseResult result) => result.GetValue(cleanup);

    public bool InitOnly(ParseResult result) => result.GetValue(initOnly);

    public bool Version(ParseResult result)
        => result.GetResult(version) is { Implicit: false } given && given.Tokens is not [{ Value: "false" }];

    /// <summary>Those without meaning that were given.</summary>
    public IEnumerable<string> Old(ParseResult result) => old.Where(o => result.GetResult(o) is { Implicit: false }).Select(o => o.Name);
}
