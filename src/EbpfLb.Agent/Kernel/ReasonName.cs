using EbpfLb.Abi;

namespace EbpfLb.Agent.Kernel;

/// <summary>Reasons as metrics, commands and documents write them: "drop_ct_full".</summary>
internal static class ReasonName
{
    public static string Of(LbReason reason) => Enum.IsDefined(reason) ? SnakeCase.Of(reason.ToString()) : $"reason_{(uint)reason}";
}
