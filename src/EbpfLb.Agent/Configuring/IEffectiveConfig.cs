namespace EbpfLb.Agent.Configuring;

/// <summary>The configuration in force: defaults, file and command line together.</summary>
internal interface IEffectiveConfig
{
    /// <summary>Both documents by their API group, as /configz shows them.</summary>
    string ToJson();
}
