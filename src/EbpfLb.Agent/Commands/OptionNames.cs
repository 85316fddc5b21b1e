namespace EbpfLb.Agent.Commands;

/// <summary>Options that messages name.</summary>
internal static class OptionNames
{
    public const string HealthzBindAddress = "--healthz-bind-address";

    public const string MetricsBindAddress = "--metrics-bind-address";
}
