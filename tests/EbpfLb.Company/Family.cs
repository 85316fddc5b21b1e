namespace EbpfLb.Company;

internal enum Family
{
    IPv4,
    IPv6,
}
