namespace EbpfLb.Agent.Logging;

/// <summary>How log lines look (--log-format).</summary>
internal enum LogFormat
{
    Text,
    Json,
}
